"""The other way to a function: an event source mapping polls a queue, and hands what it finds over in batches.

`rules` decides what makes a batch and which of its messages are done, `record` says how a function sees a message,
`turn` joins both to the queue and the function, `story` tells the history of each batch, and `waits` ends its waits.
"""
