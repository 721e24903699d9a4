"""Who owns what and who waits: actors, mailboxes, links, the journal and its one writer."""
