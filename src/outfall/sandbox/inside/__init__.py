"""What runs on the other side: in the parent that is forked from, in the keeper of an environment, in the function.

These files run in an interpreter that has neither Outfall nor its libraries on its path: standard library only.
"""
