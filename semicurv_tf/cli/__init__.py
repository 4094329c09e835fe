"""The command line: one module per command reads the arguments, calls the library, prints the outcome."""
