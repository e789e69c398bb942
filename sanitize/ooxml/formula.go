package ooxml

import (
	"slices"
	"strings"
	"unicode/utf8"

	"sekisho/sanitize"
)

// allowedFormula reports whether a formula (ECMA-376 Part 1, 18.17) computes from its own workbook and nothing else:
// it refers to no other file, calls no function but the known ones that stay inside, and to no sheet that goes.
// What cannot be read as a formula is not allowed.
func allowedFormula(text string, sheets *sheetPlan, policy sanitize.Policy) bool {
	f := formulaReader{rest: text, sheets: sheets, policy: policy}
	for f.rest != "" {
		if !f.token() {
			return false
		}
	}
	return true
}

// formulaReader reads a formula from its start to its end.
type formulaReader struct {
	rest   string
	word   bool // what was read last is a name, so that a bracket begins a part of a table
	sheets *sheetPlan
	policy sanitize.Policy
}

// token reads the next token and reports whether it is allowed.
func (f *formulaReader) token() bool {
	c, size := utf8.DecodeRuneInString(f.rest)
	switch {
	case c == '"':
		_, ok := f.quoted('"')
		f.word = false
		return ok
	case c == '\'':
		name, ok := f.quoted('\'')
		f.word = false
		return ok && f.sheetName(name)
	case c == '[':
		return f.word && f.brackets()
	case c == '|' || c == '\\':
		return false // DDE: service|topic!item
	case isWord(c):
		return f.name()
	}
	f.word = c == ']'
	f.rest = f.rest[size:]
	return true
}

// quoted reads what stands between two quotes; a doubled quote stands for one.
func (f *formulaReader) quoted(quote byte) (string, bool) {
	var b strings.Builder
	for i := 1; i < len(f.rest); i++ {
		if f.rest[i] == quote {
			if i+1 == len(f.rest) || f.rest[i+1] != quote {
				f.rest = f.rest[i+1:]
				return b.String(), true
			}
			i++
		}
		b.WriteByte(f.rest[i])
	}
	return "", false
}

// sheetName reports whether name, which stood in quotes, is one sheet of this workbook or a range of them, and stays.
func (f *formulaReader) sheetName(name string) bool {
	if !strings.HasPrefix(f.rest, "!") || strings.ContainsAny(name, `[]|\/?*`) {
		return false
	}
	for part := range strings.SplitSeq(name, ":") {
		if f.sheets.gone[strings.ToLower(part)] {
			return false
		}
	}
	return true
}

// brackets reads the columns of a table: balanced, with a quote before a bracket that is none.
func (f *formulaReader) brackets() bool {
	depth := 0
	for i := 0; i < len(f.rest); i++ {
		switch f.rest[i] {
		case '\'':
			i++
		case '[':
			depth++
		case ']':
			if depth--; depth == 0 {
				f.rest = f.rest[i+1:]
				return true
			}
		}
	}
	return false
}

func isWord(c rune) bool {
	return c == '_' || c == '.' || c == '?' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' ||
		c >= 0x80 && c != utf8.RuneError
}

// skipBlank returns s without the white space before it.
func skipBlank(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t' || s[0] == '\r' || s[0] == '\n') {
		s = s[1:]
	}
	return s
}

// name reads a name: of a cell, a number, a function, a sheet, a table.
func (f *formulaReader) name() bool {
	end := 0
	for end < len(f.rest) {
		c, size := utf8.DecodeRuneInString(f.rest[end:])
		if !isWord(c) {
			break
		}
		end += size
	}
	name := f.rest[:end]
	f.rest = f.rest[end:]
	f.word = true
	switch next := skipBlank(f.rest); {
	case strings.HasPrefix(next, "("):
		f.rest = next
		return f.function(name)
	case strings.HasPrefix(next, "!"):
		f.word = false
		return !f.sheets.gone[strings.ToLower(name)]
	}
	return true
}

// function reports whether the function called name may be called. Names from later versions have a prefix
// (MS-XLSX 2.2.2); the parameters of a LAMBDA too.
func (f *formulaReader) function(name string) bool {
	f.word = false
	upper := strings.ToUpper(name)
	if strings.HasPrefix(upper, "_XLPM.") {
		return true
	}
	upper = strings.TrimPrefix(strings.TrimPrefix(upper, "_XLFN."), "_XLWS.")
	if upper == "HYPERLINK" {
		return f.hyperlink()
	}
	return isFunction(upper) || f.sheets.names[strings.ToLower(name)]
}

// hyperlink reports whether the first argument of HYPERLINK is a text, and leads to where policy allows; a place in
// the same workbook may be computed.
func (f *formulaReader) hyperlink() bool {
	arg := formulaReader{rest: skipBlank(f.rest[1:])}
	if !strings.HasPrefix(arg.rest, `"`) {
		return false
	}
	target, ok := arg.quoted('"')
	if !ok {
		return false
	}
	if strings.HasPrefix(target, "#") {
		return insideLink(target)
	}
	next := skipBlank(arg.rest)
	return (strings.HasPrefix(next, ",") || strings.HasPrefix(next, ")")) && f.policy.Links && webLink(target)
}

// isFunction reports whether name is one of the functions that compute from their arguments and the workbook.
func isFunction(name string) bool {
	_, ok := slices.BinarySearch(functionNames[:], name)
	return ok
}

// functionNames are those functions, sorted (ECMA-376 Part 1, 18.17.7; MS-XLSX 2.2.2 for later ones). Not among them, besides
// macro functions and those of add-ins: WEBSERVICE, FILTERXML, IMAGE, RTD, CALL, REGISTER.ID, SQL.REQUEST, STOCKHISTORY,
// TRANSLATE, DETECTLANGUAGE, PY, the CUBE functions, which ask something outside of the workbook.
var functionNames = [...]string{
	"ABS", "ACCRINT", "ACCRINTM", "ACOS", "ACOSH", "ACOT", "ACOTH", "ADDRESS", "AGGREGATE", "AMORDEGRC", "AMORLINC",
	"ANCHORARRAY", "AND", "ARABIC", "AREAS", "ARRAYTOTEXT", "ASC", "ASIN", "ASINH", "ATAN", "ATAN2", "ATANH",
	"AVEDEV", "AVERAGE", "AVERAGEA", "AVERAGEIF", "AVERAGEIFS", "BAHTTEXT", "BASE", "BESSELI", "BESSELJ", "BESSELK",
	"BESSELY", "BETA.DIST", "BETA.INV", "BETADIST", "BETAINV", "BIN2DEC", "BIN2HEX", "BIN2OCT", "BINOM.DIST",
	"BINOM.DIST.RANGE", "BINOM.INV", "BINOMDIST", "BITAND", "BITLSHIFT", "BITOR", "BITRSHIFT", "BITXOR", "BYCOL",
	"BYROW", "CEILING", "CEILING.MATH", "CEILING.PRECISE", "CELL", "CHAR", "CHIDIST", "CHIINV", "CHISQ.DIST",
	"CHISQ.DIST.RT", "CHISQ.INV", "CHISQ.INV.RT", "CHISQ.TEST", "CHITEST", "CHOOSE", "CHOOSECOLS", "CHOOSEROWS",
	"CLEAN", "CODE", "COLUMN", "COLUMNS", "COMBIN", "COMBINA", "COMPLEX", "CONCAT", "CONCATENATE", "CONFIDENCE",
	"CONFIDENCE.NORM", "CONFIDENCE.T", "CONVERT", "CORREL", "COS", "COSH", "COT", "COTH", "COUNT", "COUNTA",
	"COUNTBLANK", "COUNTIF", "COUNTIFS", "COUPDAYBS", "COUPDAYS", "COUPDAYSNC", "COUPNCD", "COUPNUM", "COUPPCD",
	"COVAR", "COVARIANCE.P", "COVARIANCE.S", "CRITBINOM", "CSC", "CSCH", "CUMIPMT", "CUMPRINC", "DATE", "DATEDIF",
	"DATESTRING", "DATEVALUE", "DAVERAGE", "DAY", "DAYS", "DAYS360", "DB", "DBCS", "DCOUNT", "DCOUNTA", "DDB",
	"DEC2BIN", "DEC2HEX", "DEC2OCT", "DECIMAL", "DEGREES", "DELTA", "DEVSQ", "DGET", "DISC", "DMAX", "DMIN", "DOLLAR",
	"DOLLARDE", "DOLLARFR", "DPRODUCT", "DROP", "DSTDEV", "DSTDEVP", "DSUM", "DURATION", "DVAR", "DVARP",
	"ECMA.CEILING", "EDATE", "EFFECT", "ENCODEURL", "EOMONTH", "ERF", "ERF.PRECISE", "ERFC", "ERFC.PRECISE",
	"ERROR.TYPE", "EUROCONVERT", "EVEN", "EXACT", "EXP", "EXPAND", "EXPON.DIST", "EXPONDIST", "F.DIST", "F.DIST.RT",
	"F.INV", "F.INV.RT", "F.TEST", "FACT", "FACTDOUBLE", "FALSE", "FDIST", "FILTER", "FIND", "FINDB", "FINV",
	"FISHER", "FISHERINV", "FIXED", "FLOOR", "FLOOR.MATH", "FLOOR.PRECISE", "FORECAST", "FORECAST.ETS",
	"FORECAST.ETS.CONFINT", "FORECAST.ETS.SEASONALITY", "FORECAST.ETS.STAT", "FORECAST.LINEAR", "FORMULATEXT",
	"FREQUENCY", "FTEST", "FV", "FVSCHEDULE", "GAMMA", "GAMMA.DIST", "GAMMA.INV", "GAMMADIST", "GAMMAINV", "GAMMALN",
	"GAMMALN.PRECISE", "GAUSS", "GCD", "GEOMEAN", "GESTEP", "GETPIVOTDATA", "GROUPBY", "GROWTH", "HARMEAN", "HEX2BIN",
	"HEX2DEC", "HEX2OCT", "HLOOKUP", "HOUR", "HSTACK", "HYPGEOM.DIST", "HYPGEOMDIST", "IF", "IFERROR", "IFNA", "IFS",
	"IMABS", "IMAGINARY", "IMARGUMENT", "IMCONJUGATE", "IMCOS", "IMCOSH", "IMCOT", "IMCSC", "IMCSCH", "IMDIV",
	"IMEXP", "IMLN", "IMLOG10", "IMLOG2", "IMPOWER", "IMPRODUCT", "IMREAL", "IMSEC", "IMSECH", "IMSIN", "IMSINH",
	"IMSQRT", "IMSUB", "IMSUM", "IMTAN", "INDEX", "INDIRECT", "INFO", "INT", "INTERCEPT", "INTRATE", "IPMT", "IRR",
	"ISBLANK", "ISERR", "ISERROR", "ISEVEN", "ISFORMULA", "ISLOGICAL", "ISNA", "ISNONTEXT", "ISNUMBER", "ISO.CEILING",
	"ISODD", "ISOMITTED", "ISOWEEKNUM", "ISPMT", "ISREF", "ISTEXT", "ISTHAIDIGIT", "JIS", "KURT", "LAMBDA", "LARGE",
	"LCM", "LEFT", "LEFTB", "LEN", "LENB", "LET", "LINEST", "LN", "LOG", "LOG10", "LOGEST", "LOGINV", "LOGNORM.DIST",
	"LOGNORM.INV", "LOGNORMDIST", "LOOKUP", "LOWER", "MAKEARRAY", "MAP", "MATCH", "MAX", "MAXA", "MAXIFS", "MDETERM",
	"MDURATION", "MEDIAN", "MID", "MIDB", "MIN", "MINA", "MINIFS", "MINUTE", "MINVERSE", "MIRR", "MMULT", "MOD",
	"MODE", "MODE.MULT", "MODE.SNGL", "MONTH", "MROUND", "MULTINOMIAL", "MUNIT", "N", "NA", "NEGBINOM.DIST",
	"NEGBINOMDIST", "NETWORKDAYS", "NETWORKDAYS.INTL", "NOMINAL", "NORM.DIST", "NORM.INV", "NORM.S.DIST",
	"NORM.S.INV", "NORMDIST", "NORMINV", "NORMSDIST", "NORMSINV", "NOT", "NOW", "NPER", "NPV", "NUMBERSTRING",
	"NUMBERVALUE", "OCT2BIN", "OCT2DEC", "OCT2HEX", "ODD", "ODDFPRICE", "ODDFYIELD", "ODDLPRICE", "ODDLYIELD",
	"OFFSET", "OR", "PDURATION", "PEARSON", "PERCENTILE", "PERCENTILE.EXC", "PERCENTILE.INC", "PERCENTOF",
	"PERCENTRANK", "PERCENTRANK.EXC", "PERCENTRANK.INC", "PERMUT", "PERMUTATIONA", "PHI", "PHONETIC", "PI", "PIVOTBY",
	"PMT", "POISSON", "POISSON.DIST", "POWER", "PPMT", "PRICE", "PRICEDISC", "PRICEMAT", "PROB", "PRODUCT", "PROPER",
	"PV", "QUARTILE", "QUARTILE.EXC", "QUARTILE.INC", "QUOTIENT", "RADIANS", "RAND", "RANDARRAY", "RANDBETWEEN",
	"RANK", "RANK.AVG", "RANK.EQ", "RATE", "RECEIVED", "REDUCE", "REGEXEXTRACT", "REGEXREPLACE", "REGEXTEST",
	"REPLACE", "REPLACEB", "REPT", "RIGHT", "RIGHTB", "ROMAN", "ROUND", "ROUNDBAHTDOWN", "ROUNDBAHTUP", "ROUNDDOWN",
	"ROUNDUP", "ROW", "ROWS", "RRI", "RSQ", "SCAN", "SEARCH", "SEARCHB", "SEC", "SECH", "SECOND", "SEQUENCE",
	"SERIESSUM", "SHEET", "SHEETS", "SIGN", "SIN", "SINGLE", "SINH", "SKEW", "SKEW.P", "SLN", "SLOPE", "SMALL",
	"SORT", "SORTBY", "SQRT", "SQRTPI", "STANDARDIZE", "STDEV", "STDEV.P", "STDEV.S", "STDEVA", "STDEVP", "STDEVPA",
	"STEYX", "SUBSTITUTE", "SUBTOTAL", "SUM", "SUMIF", "SUMIFS", "SUMPRODUCT", "SUMSQ", "SUMX2MY2", "SUMX2PY2",
	"SUMXMY2", "SWITCH", "SYD", "T", "T.DIST", "T.DIST.2T", "T.DIST.RT", "T.INV", "T.INV.2T", "T.TEST", "TAKE", "TAN",
	"TANH", "TBILLEQ", "TBILLPRICE", "TBILLYIELD", "TDIST", "TEXT", "TEXTAFTER", "TEXTBEFORE", "TEXTJOIN",
	"TEXTSPLIT", "THAIDAYOFWEEK", "THAIDIGIT", "THAIMONTHOFYEAR", "THAINUMSOUND", "THAINUMSTRING", "THAISTRINGLENGTH",
	"THAIYEAR", "TIME", "TIMEVALUE", "TINV", "TOCOL", "TODAY", "TOROW", "TRANSPOSE", "TREND", "TRIM", "TRIMMEAN",
	"TRIMRANGE", "TRUE", "TRUNC", "TTEST", "TYPE", "UNICHAR", "UNICODE", "UNIQUE", "UPPER", "USDOLLAR", "VALUE",
	"VALUETOTEXT", "VAR", "VAR.P", "VAR.S", "VARA", "VARP", "VARPA", "VDB", "VLOOKUP", "VSTACK", "WEEKDAY", "WEEKNUM",
	"WEIBULL", "WEIBULL.DIST", "WORKDAY", "WORKDAY.INTL", "WRAPCOLS", "WRAPROWS", "XIRR", "XLOOKUP", "XMATCH", "XNPV",
	"XOR", "YEAR", "YEARFRAC", "YEN", "YIELD", "YIELDDISC", "YIELDMAT", "Z.TEST", "ZTEST",
}
