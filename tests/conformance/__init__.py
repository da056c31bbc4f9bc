"""What AWS does, row by row: `cases.json` holds the rows, tests all over this tree bear their ids, and
`not_tested/AREA.toml` says of every other row why no test does."""
