package pdf

// The rules of PDF, a closed set.
const (
	RuleStructure  = "verify/pdf/structure"  // not the layout that our writer writes
	RuleTrailing   = "verify/pdf/trailing"   // bytes after the end
	RuleReference  = "verify/pdf/reference"  // an object that nobody refers to, or a reference to none
	RuleKey        = "verify/pdf/key"        // a dictionary key that is not on the list
	RuleJavaScript = "verify/pdf/javascript" // a script, or a name tree of them
	RuleAction     = "verify/pdf/action"     // an action that is not on the list
	RuleTrigger    = "verify/pdf/trigger"    // additional actions, or an open action that is more than a place
	RuleLink       = "verify/pdf/link"       // a link that the policy or its scheme forbids
	RuleEmbedded   = "verify/pdf/embedded"   // a file inside, or the way to one
	RuleExternal   = "verify/pdf/external"   // data that are somewhere else
	RuleMedia      = "verify/pdf/media"      // sound, film, 3D
	RuleMarkup     = "verify/pdf/markup"     // an element of HTML or an address where a name stands
	RuleForm       = "verify/pdf/form"       // XFA
	RuleSignature  = "verify/pdf/signature"  // a signature that our changes broke, or rights tied to one
	RulePrivate    = "verify/pdf/private"    // data of programs, capture, thumbnails
	RuleMetadata   = "verify/pdf/metadata"   // metadata that the policy does not keep, or that are none
	RuleSubtype    = "verify/pdf/subtype"    // an annotation or an object of a kind that is not on the list
	RuleFilter     = "verify/pdf/filter"     // a filter that our writer does not write
	RuleStream     = "verify/pdf/stream"     // a stream that does not decode to its end
	RuleImage      = "verify/pdf/image"      // a picture that is not as long as it says
	RuleContent    = "verify/pdf/content"    // content that is not made of operators
	RuleFont       = "verify/pdf/font"       // a font program that is none
	RuleProfile    = "verify/pdf/profile"    // a colour profile that is none
	RuleProgram    = "verify/pdf/program"    // a function or a character map with other than its own operators
	RuleOutline    = "verify/pdf/outline"    // an outline without an end
	RuleRecursion  = "verify/pdf/recursion"  // a form that draws itself
	RulePages      = "verify/pdf/pages"      // no pages, or more than the policy allows
)
