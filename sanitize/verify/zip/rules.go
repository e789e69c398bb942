package zip

// The rules of ZIP archives, a closed set. Those of names are in package verify.
const (
	RuleStructure = "verify/zip/structure" // not the headers and the layout that our writer writes
	RuleDuplicate = "verify/zip/duplicate" // two names that one folder cannot hold
	RuleMember    = "verify/zip/member"    // data that do not inflate to what the headers say
)
