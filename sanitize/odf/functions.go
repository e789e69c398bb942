package odf

import (
	"slices"
	"strings"
)

// isFunction reports whether name, in upper case, is one of the functions that compute from their arguments and the
// document. Programs put their name before that of a function of theirs.
func isFunction(name string) bool {
	for _, prefix := range [...]string{"COM.MICROSOFT.", "ORG.LIBREOFFICE.", "ORG.OPENOFFICE.", "COM.SUN.STAR.SHEET.ADDIN.ANALYSIS.GET", "COM.SUN.STAR.SHEET.ADDIN.DATEFUNCTIONS.GET"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			name = rest
			break
		}
	}
	_, ok := slices.BinarySearch(functionNames[:], name)
	return ok
}

// isConditionFunction reports whether name, in lower case, is one of the functions of conditions (OpenDocument 1.3
// Part 3: table:condition, style:condition, and LibreOffice's conditional formats).
func isConditionFunction(name string) bool {
	switch name {
	case "cell-content", "cell-content-is-between", "cell-content-is-not-between", "cell-content-is-whole-number",
		"cell-content-is-decimal-number", "cell-content-is-date", "cell-content-is-time", "cell-content-is-text",
		"cell-content-is-in-list", "cell-content-text-length", "cell-content-text-length-is-between",
		"cell-content-text-length-is-not-between", "cell-content-text", "is-true-formula", "value", "formula-is", "between",
		"not-between", "begins-with", "ends-with", "contains-text", "not-contains-text", "top-elements", "bottom-elements",
		"top-percent", "bottom-percent", "above-average", "below-average", "above-equal-average", "below-equal-average",
		"is-error", "is-no-error", "duplicate", "unique":
		return true
	}
	return false
}

// isOperator reports whether name, in lower case, is an operator of expressions in text documents that is a word.
func isOperator(name string) bool {
	switch name {
	case "eq", "neq", "l", "leq", "g", "geq", "and", "or", "xor", "not", "phd", "pow":
		return true
	}
	return false
}

// functionNames are the functions, sorted (OpenDocument 1.3 Part 4, 6; LibreOffice for those with its name). Not among
// them: DDE, WEBSERVICE, FILTERXML, IMAGE, EXTERNAL, MACRO, and what a document or an extension defines.
var functionNames = [...]string{
	"ABS", "ACCRINT", "ACCRINTM", "ACOS", "ACOSH", "ACOT", "ACOTH", "ADDRESS", "AGGREGATE", "AMORDEGRC", "AMORLINC",
	"AND", "ARABIC", "AREAS", "ASC", "ASIN", "ASINH", "ATAN", "ATAN2", "ATANH", "AVEDEV", "AVERAGE", "AVERAGEA",
	"AVERAGEIF", "AVERAGEIFS", "B", "BAHTTEXT", "BASE", "BESSELI", "BESSELJ", "BESSELK", "BESSELY", "BETA.DIST",
	"BETA.INV", "BETADIST", "BETAINV", "BIN2DEC", "BIN2HEX", "BIN2OCT", "BINOM.DIST", "BINOM.DIST.RANGE", "BINOM.INV",
	"BINOMDIST", "BITAND", "BITLSHIFT", "BITOR", "BITRSHIFT", "BITXOR", "CEILING", "CEILING.MATH", "CEILING.PRECISE",
	"CEILING.XCL", "CELL", "CHAR", "CHIDIST", "CHIINV", "CHISQ.DIST", "CHISQ.DIST.RT", "CHISQ.INV", "CHISQ.INV.RT",
	"CHISQ.TEST", "CHISQDIST", "CHISQINV", "CHITEST", "CHOOSE", "CHOOSECOLS", "CHOOSEROWS", "CLEAN", "CODE", "COLOR",
	"COLUMN", "COLUMNS", "COMBIN", "COMBINA", "COMPLEX", "CONCAT", "CONCATENATE", "CONFIDENCE", "CONFIDENCE.NORM",
	"CONFIDENCE.T", "CONVERT", "CORREL", "COS", "COSH", "COT", "COTH", "COUNT", "COUNTA", "COUNTBLANK", "COUNTIF",
	"COUNTIFS", "COUPDAYBS", "COUPDAYS", "COUPDAYSNC", "COUPNCD", "COUPNUM", "COUPPCD", "COVAR", "COVARIANCE.P",
	"COVARIANCE.S", "CRITBINOM", "CSC", "CSCH", "CUMIPMT", "CUMPRINC", "CURRENCY", "CURRENT", "DATE", "DATEDIF",
	"DATESTRING", "DATEVALUE", "DAVERAGE", "DAY", "DAYS", "DAYS360", "DAYSINMONTH", "DAYSINYEAR", "DB", "DCOUNT",
	"DCOUNTA", "DDB", "DEC2BIN", "DEC2HEX", "DEC2OCT", "DECIMAL", "DEGREES", "DELTA", "DEVSQ", "DGET", "DISC", "DMAX",
	"DMIN", "DOLLAR", "DOLLARDE", "DOLLARFR", "DPRODUCT", "DROP", "DSTDEV", "DSTDEVP", "DSUM", "DURATION", "DVAR",
	"DVARP", "EASTERSUNDAY", "EDATE", "EFFECT", "EFFECTIVE", "ENCODEURL", "EOMONTH", "ERF", "ERF.PRECISE", "ERFC",
	"ERFC.PRECISE", "ERROR.TYPE", "ERRORTYPE", "EUROCONVERT", "EVEN", "EXACT", "EXP", "EXPAND", "EXPON.DIST",
	"EXPONDIST", "F.DIST", "F.DIST.RT", "F.INV", "F.INV.RT", "F.TEST", "FACT", "FACTDOUBLE", "FALSE", "FDIST",
	"FILTER", "FIND", "FINDB", "FINV", "FISHER", "FISHERINV", "FIXED", "FLOOR", "FLOOR.MATH", "FLOOR.PRECISE",
	"FLOOR.XCL", "FORECAST", "FORECAST.ETS.ADD", "FORECAST.ETS.MULT", "FORECAST.ETS.PI.ADD", "FORECAST.ETS.PI.MULT",
	"FORECAST.ETS.SEASONALITY", "FORECAST.ETS.STAT.ADD", "FORECAST.ETS.STAT.MULT", "FORECAST.LINEAR", "FORMULA",
	"FOURIER", "FREQUENCY", "FTEST", "FV", "FVSCHEDULE", "GAMMA", "GAMMA.DIST", "GAMMA.INV", "GAMMADIST", "GAMMAINV",
	"GAMMALN", "GAMMALN.PRECISE", "GAUSS", "GCD", "GCD_EXCEL2003", "GEOMEAN", "GESTEP", "GETPIVOTDATA", "GOALSEEK",
	"GROWTH", "HARMEAN", "HEX2BIN", "HEX2DEC", "HEX2OCT", "HLOOKUP", "HOUR", "HSTACK", "HYPGEOM.DIST", "HYPGEOMDIST",
	"IF", "IFERROR", "IFNA", "IFS", "IMABS", "IMAGINARY", "IMARGUMENT", "IMCONJUGATE", "IMCOS", "IMCOSH", "IMCOT",
	"IMCSC", "IMCSCH", "IMDIV", "IMEXP", "IMLN", "IMLOG10", "IMLOG2", "IMPOWER", "IMPRODUCT", "IMREAL", "IMSEC",
	"IMSECH", "IMSIN", "IMSINH", "IMSQRT", "IMSUB", "IMSUM", "IMTAN", "INDEX", "INDIRECT", "INFO", "INT", "INTERCEPT",
	"INTRATE", "IPMT", "IRR", "ISBLANK", "ISERR", "ISERROR", "ISEVEN", "ISEVEN_ADD", "ISFORMULA", "ISLEAPYEAR",
	"ISLOGICAL", "ISNA", "ISNONTEXT", "ISNUMBER", "ISO.CEILING", "ISODD", "ISODD_ADD", "ISOWEEKNUM", "ISPMT", "ISREF",
	"ISTEXT", "JIS", "KURT", "LARGE", "LCM", "LCM_EXCEL2003", "LEFT", "LEFTB", "LEGACY.CHIDIST", "LEGACY.CHIINV",
	"LEGACY.CHITEST", "LEGACY.FDIST", "LEGACY.FINV", "LEGACY.FTEST", "LEGACY.NORMSDIST", "LEGACY.NORMSINV",
	"LEGACY.TDIST", "LEN", "LENB", "LET", "LINEST", "LN", "LOG", "LOG10", "LOGEST", "LOGINV", "LOGNORM.DIST",
	"LOGNORM.INV", "LOGNORMDIST", "LOOKUP", "LOWER", "MATCH", "MAX", "MAXA", "MAXIFS", "MDETERM", "MDURATION", "MEAN",
	"MEDIAN", "MID", "MIDB", "MIN", "MINA", "MINIFS", "MINUTE", "MINVERSE", "MIRR", "MMULT", "MOD", "MODE",
	"MODE.MULT", "MODE.SNGL", "MONTH", "MONTHS", "MROUND", "MULTINOMIAL", "MULTIPLE.OPERATIONS", "MUNIT", "MVALUE",
	"N", "NA", "NEGBINOM.DIST", "NEGBINOMDIST", "NETWORKDAYS", "NETWORKDAYS.INTL", "NOMINAL", "NORM.DIST", "NORM.INV",
	"NORM.S.DIST", "NORM.S.INV", "NORMDIST", "NORMINV", "NORMSDIST", "NORMSINV", "NOT", "NOW", "NPER", "NPV",
	"NUMBERSTRING", "NUMBERVALUE", "OCT2BIN", "OCT2DEC", "OCT2HEX", "ODD", "ODDFPRICE", "ODDFYIELD", "ODDLPRICE",
	"ODDLYIELD", "OFFSET", "OPT_BARRIER", "OPT_PROB_HIT", "OPT_PROB_INMONEY", "OPT_TOUCH", "OR", "PDURATION",
	"PEARSON", "PERCENTILE", "PERCENTILE.EXC", "PERCENTILE.INC", "PERCENTRANK", "PERCENTRANK.EXC", "PERCENTRANK.INC",
	"PERMUT", "PERMUTATIONA", "PHI", "PHONETIC", "PI", "PMT", "POISSON", "POISSON.DIST", "POWER", "PPMT", "PRICE",
	"PRICEDISC", "PRICEMAT", "PROB", "PRODUCT", "PROPER", "PV", "QUARTILE", "QUARTILE.EXC", "QUARTILE.INC", "QUOTIENT",
	"RADIANS", "RAND", "RAND.NV", "RANDARRAY", "RANDBETWEEN", "RANDBETWEEN.NV", "RANK", "RANK.AVG", "RANK.EQ", "RATE",
	"RAWSUBTRACT", "RECEIVED", "REGEX", "REPLACE", "REPLACEB", "REPT", "RIGHT", "RIGHTB", "ROMAN", "ROT13", "ROUND",
	"ROUNDDOWN", "ROUNDSIG", "ROUNDUP", "ROW", "ROWS", "RRI", "RSQ", "SEARCH", "SEARCHB", "SEC", "SECH", "SECOND",
	"SEQUENCE", "SERIESSUM", "SHEET", "SHEETS", "SIGN", "SIN", "SINH", "SKEW", "SKEWP", "SLN", "SLOPE", "SMALL",
	"SORT", "SORTBY", "SQRT", "SQRTPI", "STANDARDIZE", "STDEV", "STDEV.P", "STDEV.S", "STDEVA", "STDEVP", "STDEVPA",
	"STEYX", "STYLE", "SUBSTITUTE", "SUBTOTAL", "SUM", "SUMIF", "SUMIFS", "SUMPRODUCT", "SUMSQ", "SUMX2MY2",
	"SUMX2PY2", "SUMXMY2", "SWITCH", "SYD", "T", "T.DIST", "T.DIST.2T", "T.DIST.RT", "T.INV", "T.INV.2T", "T.TEST",
	"TAKE", "TAN", "TANH", "TBILLEQ", "TBILLPRICE", "TBILLYIELD", "TDIST", "TEXT", "TEXTJOIN", "TEXTSPLIT", "TIME",
	"TIMEVALUE", "TINV", "TOCOL", "TODAY", "TOROW", "TRANSPOSE", "TREND", "TRIM", "TRIMMEAN", "TRUE", "TRUNC", "TTEST",
	"TYPE", "UNICHAR", "UNICODE", "UNIQUE", "UPPER", "VALUE", "VAR", "VAR.P", "VAR.S", "VARA", "VARP", "VARPA", "VDB",
	"VLOOKUP", "VSTACK", "WEEKDAY", "WEEKNUM", "WEEKNUM_ADD", "WEEKNUM_EXCEL2003", "WEEKNUM_OOO", "WEEKS",
	"WEEKSINYEAR", "WEIBULL", "WEIBULL.DIST", "WORKDAY", "WORKDAY.INTL", "WRAPCOLS", "WRAPROWS", "XIRR", "XLOOKUP",
	"XMATCH", "XNPV", "XOR", "YEAR", "YEARFRAC", "YEARS", "YIELD", "YIELDDISC", "YIELDMAT", "Z.TEST", "ZGZ", "ZTEST",
}
