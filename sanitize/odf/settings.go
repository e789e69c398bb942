package odf

import (
	"slices"
	"strings"

	"sekisho/sanitize/odf/internal/grammar"
)

// decideSettings keeps the sets and maps of settings that are known (OpenDocument 1.3 Part 3, 3.10).
func (f *filter) decideSettings() (verdict, string) {
	name := attr(f.r, grammar.NsConfig, "name")
	if f.r.Name.Space == grammar.NsConfig && string(f.r.Name.Local) == "config-item-set" {
		name = name[strings.LastIndexByte(name, ':')+1:]
	}
	switch name {
	case "view-settings", "configuration-settings", "Views", "Tables", "ForbiddenCharacters":
		return keep, ""
	}
	return drop, ruleSettings
}

// allowedItem reports whether a setting of this name and type stays: one that says how the document is laid out, counted
// or first shown.
func allowedItem(name, kind string) bool {
	_, known := slices.BinarySearch(settingNames[:], name)
	switch kind {
	case "boolean", "short", "int", "long", "double", "string":
		return known
	}
	return false
}

// settingNames are the settings that stay, sorted: those that LibreOffice writes about layout, printing of content, the
// view, and formulas. Not among them: printers, data sources, tables of the program, links, updates, identifiers.
var settingNames = [...]string{
	"ActiveSplitRange", "ActiveTable", "AddExternalLeading", "AddFrameOffsets", "AddParaLineSpacingToTableCells",
	"AddParaSpacingToTableCells", "AddParaTableSpacing", "AddParaTableSpacingAtStart", "AddVerticalFrameOffsets",
	"AlignTabStopPosition", "Alignment", "AnchoredTextOverflowLegacy", "ApplyParagraphMarkFormatToNumbering",
	"AutoCalculate", "AutoFirstLineIndentDisregardLineSpace", "BackgroundParaOverDrawings", "BaseFontHeight",
	"BaseLineSkip", "BeginLine", "BottomMargin", "BracketSpaceHorizontal", "CharacterCompressionType",
	"ClipAsCharacterAnchoredWriterFlyFrames", "ClippedPictures", "CollapseEmptyCellPara", "ConsiderTextWrapOnObjPos",
	"ContinuousEndnotes", "Country", "CursorPositionX", "CursorPositionY", "CustomFontNameFixed", "CustomFontNameSans",
	"CustomFontNameSerif", "DefaultTabStop", "DisableOffPagePositioning", "DoNotBreakWrappedTables",
	"DoNotCaptureDrawObjsOnPage", "DoNotJustifyLinesWithManualBreak", "DoNotMirrorRtlDrawObjs",
	"DoNotResetParaAttrsForNumFont", "DropCapPunctuation", "EditMode", "EditModeHandout", "EditModeNotes",
	"EditModeStandard", "EmptyDbFieldHidesPara", "EndLine", "FloattableNomargins", "FontFixedIsBold",
	"FontFixedIsItalic", "FontFunctionsIsBold", "FontFunctionsIsItalic", "FontMathIsBold", "FontMathIsItalic",
	"FontNameFunctions", "FontNameMath", "FontNameNumbers", "FontNameText", "FontNameVariables", "FontNumbersIsBold",
	"FontNumbersIsItalic", "FontSansIsBold", "FontSansIsItalic", "FontSerifIsBold", "FontSerifIsItalic",
	"FontTextIsBold", "FontTextIsItalic", "FontVariablesIsBold", "FontVariablesIsItalic", "FootnoteInColumnToPageEnd",
	"ForceTopAlignmentInCellWithFloatingAnchor", "FormulaBarHeight", "FrameAutowidthWithMorePara", "GreekCharStyle",
	"GridCoarseHeight", "GridCoarseWidth", "GridColor", "GridFineHeight", "GridFineWidth", "GridIsFront",
	"GridIsVisible", "GridSnapWidthXDenominator", "GridSnapWidthXNumerator", "GridSnapWidthYDenominator",
	"GridSnapWidthYNumerator", "GutterAtTop", "HandoutsHorizontal", "HasColumnRowHeaders", "HasSheetTabs",
	"HeaderSpacingBelowLastPara", "HorizontalScrollbarWidth", "HorizontalSplitMode", "HorizontalSplitPosition",
	"HyphenateURLs", "IgnoreFirstLineIndentInNumbering", "IgnoreHiddenCharsForLineCalculation",
	"IgnoreTabsAndBlanksForLineCalculation", "ImagePreferredDPI", "InBrowseMode", "InvertBorderSpacing",
	"IsKernAsianPunctuation", "IsLabelDocument", "IsOutlineSymbolsSet", "IsPrintBooklet", "IsPrintBookletBack",
	"IsPrintBookletFront", "IsPrintDate", "IsPrintDrawing", "IsPrintFitPage", "IsPrintHandout", "IsPrintHiddenPages",
	"IsPrintNotes", "IsPrintOutline", "IsPrintPageName", "IsPrintTilePage", "IsPrintTime", "IsRasterAxisSynchronized",
	"IsRightToLeft", "IsScaleAllBrackets", "IsSelectedFrame", "IsSnapToGrid", "IsSnapToRaster", "IsTextMode",
	"JustifyLinesWithShrinking", "KeepRatio", "Language", "LeftMargin", "MathBaselineAlignment", "MeasureUnit",
	"MinRowHeightInclBorder", "MsWordCompMinLineHeightByFly", "MsWordCompTrailingBlanks", "MsWordUlTrailSpace",
	"NoClippingWithWrapPolygon", "NoGapAfterNoteNumber", "NoNumberingShowFollowBy", "OutlineLevelYieldsNumbering",
	"PageKind", "PageNumberFormat", "PageViewZoomValue", "ParagraphSummation", "PositionBottom", "PositionLeft",
	"PositionRight", "PositionTop", "PrintAnnotationMode", "PrintBlackFonts", "PrintControls", "PrintDrawings",
	"PrintEmptyPages", "PrintGraphics", "PrintHiddenText", "PrintLeftPages", "PrintPageBackground", "PrintRightPages",
	"PrintTables", "PrintTextPlaceholder", "PrinterIndependentLayout", "PropLineSpacingShrinksFirstLine",
	"ProtectBookmarks", "ProtectFields", "ProtectForm", "RasterIsVisible", "RasterResolutionX", "RasterResolutionY",
	"RasterSubdivisionX", "RasterSubdivisionY", "RelativeBracketDistance", "RelativeBracketExcessSize",
	"RelativeFontHeightFunctions", "RelativeFontHeightIndices", "RelativeFontHeightLimits",
	"RelativeFontHeightOperators", "RelativeFontHeightText", "RelativeFractionBarExcessLength",
	"RelativeFractionBarLineWeight", "RelativeFractionDenominatorDepth", "RelativeFractionNumeratorHeight",
	"RelativeIndexSubscript", "RelativeIndexSuperscript", "RelativeLineSpacing", "RelativeLowerLimitDistance",
	"RelativeMatrixColumnSpacing", "RelativeMatrixLineSpacing", "RelativeOperatorExcessSize",
	"RelativeOperatorSpacing", "RelativeRootSpacing", "RelativeScaleBracketExcessSize", "RelativeSpacing",
	"RelativeSymbolMinimumHeight", "RelativeSymbolPrimaryHeight", "RelativeUpperLimitDistance", "RightMargin",
	"RulerIsVisible", "ScaleDenominator", "ScaleNumerator", "SelectedPage", "ShowFormulasMarks", "ShowGrid",
	"ShowNotes", "ShowPageBreakPreview", "ShowPageBreaks", "ShowRedlineChanges", "ShowZeroValues", "SlidesPerHandout",
	"SlidesPerRow", "SmallCapsPercentage66", "StylesNoDefault", "SubtractFlysAnchoredAtFlys", "SurroundTextWrapSmall",
	"SyntaxStringRef", "TabAtLeftIndentForParagraphsInList", "TabColor", "TabOverMargin", "TabOverSpacing",
	"TabOverflow", "TableRowKeep", "TableSelected", "TabsRelativeToIndent", "TopMargin",
	"TreatSingleColumnBreakAsPageBreak", "UnbreakableNumberings", "UnxForceZeroExtLeading", "UseFormerLineSpacing",
	"UseFormerObjectPositioning", "UseFormerTextWrapping", "UseOldNumbering", "UseOldPrinterMetrics",
	"UseVariableWidthNBSP", "Variant", "VerticalSplitMode", "VerticalSplitPosition", "ViewAreaHeight", "ViewAreaLeft",
	"ViewAreaTop", "ViewAreaWidth", "ViewId", "ViewLayoutBookMode", "ViewLayoutColumns", "ViewLeft", "ViewTop",
	"VisibleAreaHeight", "VisibleAreaLeft", "VisibleAreaTop", "VisibleAreaWidth", "VisibleBottom", "VisibleLeft",
	"VisibleRight", "VisibleTop", "WordLikeWrapForAsCharFlys", "WrapAsCharFlysLikeInOOXML", "ZoomFactor", "ZoomOnPage",
	"ZoomType", "ZoomValue",
}
