"""Opens what predicts (a run, an export, a server), plans the files and predicts them one after another, or by Beam."""
