"""What runs inside the sandbox: it loads the submission, and nothing here is trusted afterwards."""
