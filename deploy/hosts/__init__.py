"""The edge to the hosts: pyinfra in a child process, the facts and operations it runs there, and our client to it."""
