"""`threader`: the command line. One file a verb in `verbs/`; everything else here serves several of them."""
