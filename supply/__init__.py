"""What the course is made from: the locked packages, the sets beside the lock, their licences."""
