"""Samplers in JAX: one random quantity a file, one class a member of an axis. They know no law.

A member draws for the lanes (uint32 numbers of problems) it is given, from streams of random bits that were dealt to
it: one stream, or a tuple of STREAMS of them where it says so. A lane's draw depends on stream and lane alone. A member
with WHOLE_BATCH wants all lanes of a batch in one call.
"""
