package jpeg

import "sekisho/sanitize"

// removed is what becomes of most findings.
const removed = sanitize.Removed

// The rules of findings.
const (
	ruleExif      = "jpeg/exif"      // Exif data, but for the orientation
	ruleXMP       = "jpeg/xmp"       // XMP packets
	ruleIPTC      = "jpeg/iptc"      // Photoshop resources, IPTC
	ruleComment   = "jpeg/comment"   // COM segments
	ruleICC       = "jpeg/icc"       // a colour profile that was not understood, or what one held beside numbers
	ruleMPF       = "jpeg/mpf"       // an index of further pictures
	ruleThumbnail = "jpeg/thumbnail" // a JFIF thumbnail
	ruleApp       = "jpeg/app"       // other application data, reserved segments
	ruleTable     = "jpeg/table"     // a quantisation table that no component uses
	rulePadding   = "jpeg/padding"   // bytes between segments or behind the last coefficient of a scan
	ruleTrailing  = "jpeg/trailing"  // bytes behind the end of the picture
	ruleNoEnd     = "jpeg/no-end"    // the end marker was missing, though the picture was complete
	rulePixels    = "jpeg/pixels"    // decoded and encoded again, as the policy asks
)
