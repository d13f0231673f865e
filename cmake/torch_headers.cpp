// A source for the target whose precompiled headers the others share.
