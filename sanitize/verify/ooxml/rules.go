package ooxml

// The rules of Office Open XML, a closed set.
const (
	RulePackage      = "verify/ooxml/package"      // no package as our writer writes it
	RulePart         = "verify/ooxml/part"         // a part that nothing reaches, or of a type that is not on the list
	RuleRelationship = "verify/ooxml/relationship" // a relationship that leads nowhere, or is not on the list
	RuleExternal     = "verify/ooxml/external"     // a target outside of the package
	RuleLink         = "verify/ooxml/link"         // a hyperlink that the policy or its scheme forbids
	RuleXML          = "verify/ooxml/xml"          // XML as our writer does not write it
	RuleName         = "verify/ooxml/name"         // an element or attribute that is not on the list
	RuleActive       = "verify/ooxml/active"       // an element or attribute that runs, loads or links something
	RuleField        = "verify/ooxml/field"        // a field code that is not on the list
	RuleFormula      = "verify/ooxml/formula"      // a formula that reaches out of the file
	RuleAction       = "verify/ooxml/action"       // a slide action that is no move between slides
	RuleComment      = "verify/ooxml/comment"      // comments or tracked changes that the policy does not keep
	RuleHidden       = "verify/ooxml/hidden"       // a hidden sheet or slide that the policy does not keep
	RuleMetadata     = "verify/ooxml/metadata"     // properties that the policy does not keep
	RuleMember       = "verify/ooxml/member"       // a member of another type than the package says
)
