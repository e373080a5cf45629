"""The manifests of the monitoring, one part a file: units, programs, files. What is in the files, `monitoring` says."""
