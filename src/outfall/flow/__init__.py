"""The road of an event, told in the order it is travelled.

A file is uploaded. `notify` finds who listens to that bucket and that key (`bridge` words it for EventBridge), and asks
`send` to hand the news over. `send` asks whether the sender may, finds the one who receives, and gives the parcel to it
within the sender's own transaction; refused or delivered, it is written into the history. When the receiver is a
function, `accept` turns the parcel into an asynchronous event on the function's queue: from that commit on it cannot be
lost.

The host claims the event under a lease, and `drive` takes it one turn further. `attempt` says whether it may run now,
and after it ran, what comes next: AWS tries three times, at once, after one minute and after two more, unless the event
would grow too old; a throttled event comes back later without having used up a try. When there is nothing left to try,
or all went well, `settle` writes the invocation record and the dead letter and sends them where the function's owner
wanted them, if its execution role may write there.

What failed for good can be mended and sent again: `replay` unwraps the original payload and runs the function again,
`redeliver` sends the record or the message itself, to the byte, once it may arrive. And nobody has to wait on the way:
`skip` has what would be tried later tried now.

A queue is another way to a function: `polling`.

Beside the road stands what a person looks at when something did not arrive. `timeline` keeps the history of each event,
`passage` what happens between events and what could not be handed over; `chain` joins both to all that followed from
one cause, and `search` finds an event. `metrics` counts as AWS does. `forget` removes an event two weeks after its end.

Nothing in this room knows a clock, a socket or an engine: each function takes the state, what happened and the time,
and writes to the transaction that it is given.
"""
