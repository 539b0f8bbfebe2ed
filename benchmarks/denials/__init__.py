"""Reading and explaining denials, beside the tools that administrators have."""
