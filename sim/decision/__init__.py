"""How many attempts to pay for: from laws of difficulty and prices to numbers of attempts, stages and regret."""
