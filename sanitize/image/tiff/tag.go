package tiff

// The tags that are read, TIFF 6.0 section 8 and part 3.
const (
	tagSubfileType     = 254
	tagWidth           = 256
	tagLength          = 257
	tagBits            = 258
	tagCompression     = 259
	tagPhotometric     = 262
	tagFillOrder       = 266
	tagStripOffsets    = 273
	tagOrientation     = 274
	tagSamples         = 277
	tagRowsPerStrip    = 278
	tagStripCounts     = 279
	tagXResolution     = 282
	tagYResolution     = 283
	tagPlanar          = 284
	tagT4Options       = 292
	tagT6Options       = 293
	tagResolutionUnit  = 296
	tagPageNumber      = 297
	tagPredictor       = 317
	tagWhitePoint      = 318
	tagPrimaries       = 319
	tagColorMap        = 320
	tagTileWidth       = 322
	tagTileLength      = 323
	tagTileOffsets     = 324
	tagTileCounts      = 325
	tagInkSet          = 332
	tagExtraSamples    = 338
	tagSampleFormat    = 339
	tagJPEGTables      = 347
	tagYCbCrCoeffs     = 529
	tagYCbCrSampling   = 530
	tagYCbCrPosition   = 531
	tagReferenceBlackW = 532
	tagICC             = 34675
)

// Field types, TIFF 6.0 section 2.
const (
	typeByte      = 1
	typeASCII     = 2
	typeShort     = 3
	typeLong      = 4
	typeRational  = 5
	typeUndefined = 7
)

// typeSize returns the bytes of a value of a type, 0 for one that is not known.
func typeSize(kind uint16) int {
	switch kind {
	case typeByte, typeASCII, 6, typeUndefined:
		return 1
	case typeShort, 8:
		return 2
	case typeLong, 9, 11, 13:
		return 4
	case typeRational, 10, 12:
		return 8
	}
	return 0
}

// plain are the tags whose values are copied as numbers: the only type that is written, how many values there may be
// (0: as many as there are samples), and the largest one.
var plain = map[uint16]struct {
	kind  uint16
	count int
	most  uint32
}{
	tagSubfileType: {typeLong, 1, 7}, tagPhotometric: {typeShort, 1, 10}, tagOrientation: {typeShort, 1, 8},
	tagXResolution: {typeRational, 1, 0}, tagYResolution: {typeRational, 1, 0}, tagPlanar: {typeShort, 1, 2},
	tagResolutionUnit: {typeShort, 1, 3}, tagPageNumber: {typeShort, 2, 0xffff}, tagPredictor: {typeShort, 1, 3},
	tagWhitePoint: {typeRational, 2, 0}, tagPrimaries: {typeRational, 6, 0}, tagInkSet: {typeShort, 1, 2},
	tagSampleFormat: {typeShort, 0, 6}, tagYCbCrCoeffs: {typeRational, 3, 0}, tagYCbCrSampling: {typeShort, 2, 4},
	tagYCbCrPosition: {typeShort, 1, 2}, tagReferenceBlackW: {typeRational, 6, 0},
}

// ruleOf returns the rule under which a tag that is not copied falls away.
func ruleOf(tag uint16) string {
	switch tag {
	case 269, 270, 271, 272, 285, 305, 306, 315, 316, 333, 337, 33432:
		return ruleText
	case 700:
		return ruleXMP
	case 33723, 34377:
		return ruleIPTC
	case 34665, 34853, 40965:
		return ruleExif
	case 330:
		return ruleSubIFD
	}
	return ruleTag
}
