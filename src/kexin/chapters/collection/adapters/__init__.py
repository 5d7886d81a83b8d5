"""The outside world of this chapter: tables in files, read in a child process that can do nothing else."""
