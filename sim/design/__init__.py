"""How large a pilot must be: pilots are drawn by the thousand, refitted, and what they would have said is judged."""
