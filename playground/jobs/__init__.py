"""Jobs that outlive the page and the process: ledger, runner, policy, files, and the service, the one door."""
