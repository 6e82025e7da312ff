"""What the command line does around the pipeline: finding files, several processes, selecting what is shown."""
