"""`make bench`: each figure beside a floor measured in the same run, one JSON object a line."""
