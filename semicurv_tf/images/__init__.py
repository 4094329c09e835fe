"""Image files: everything that people have is opened, read and written here, and nowhere else."""
