"""Reader of the reference policy's interface files: what each interface gives to the domain that calls it."""
