"""The paper's tables and figures as plans of cells, trained and scored one after another, resumably."""
