"""A pilot's questions: what its report says, in tables, figures and words."""
