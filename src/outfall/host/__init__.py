"""The rim: the only room with a loop, sockets, threads, a wall clock and chance. `compose` joins all others here."""
