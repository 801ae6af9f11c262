"""The command line: one file per group of commands, no rules of its own; heavy libraries are loaded inside commands."""
