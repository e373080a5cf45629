"""What preflight tries. Each probe really does the thing, in a second or two, and leaves nothing behind."""
