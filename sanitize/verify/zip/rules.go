package zip

// The rules of ZIP archives, a closed set.
const (
	RuleStructure = "verify/zip/structure" // not the headers and the layout that our writer writes
	RuleName      = "verify/zip/name"      // a name that means something else to some system
	RuleDuplicate = "verify/zip/duplicate" // two names that one folder cannot hold
	RuleHazard    = "verify/zip/hazard"    // a name that a system would run or hand to a program
	RuleMismatch  = "verify/zip/mismatch"  // a name that says another type than the content
	RuleMember    = "verify/zip/member"    // data that do not inflate to what the headers say
)
