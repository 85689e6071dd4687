"""At home in the frameworks of hosts: each is imported by the host that uses it, and by nothing else."""
