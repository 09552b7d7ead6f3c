"""What the black-box tests share: servers, databases, clients."""
