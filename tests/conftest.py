"""What all tests share: nothing yet. Its being here puts the root of the project on the path (`tests.support`)."""
