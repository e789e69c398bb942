package jpeg

// The rules of JPEG, a closed set.
const (
	RuleStructure = "verify/jpeg/structure" // no marker segments as our writer writes them
	RuleSegment   = "verify/jpeg/segment"   // a segment that is not on the list, or is not what its marker says
	RuleExif      = "verify/jpeg/exif"      // more than the orientation
	RuleProfile   = "verify/jpeg/profile"   // a colour profile that is none
	RuleEntropy   = "verify/jpeg/entropy"   // coefficients that do not decode to the end of the picture
	RuleTrailing  = "verify/jpeg/trailing"  // bytes after the end of the picture
)
