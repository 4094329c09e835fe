"""Plans of runs, resumable: the cells of the paper's tables and figures, comparisons of recipes, and their records."""
