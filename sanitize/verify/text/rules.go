package text

// The rules of plain text and of tables, a closed set.
const (
	RuleEncoding = "verify/text/encoding" // no text in any encoding we write
	RuleControl  = "verify/text/control"  // a control character, or an escape sequence
	RuleBidi     = "verify/text/bidi"     // a character that turns the direction of what follows
	RuleDisguise = "verify/text/disguise" // markup, a script or another type called text
	RuleFormula  = "verify/csv/formula"   // a cell that a spreadsheet would run
	RuleJSON     = "verify/json/syntax"   // no JSON, or JSON that readers understand differently
	RuleSylk     = "verify/csv/sylk"      // a table that a spreadsheet reads as SYLK, formulas included
)
