package verify

// hazard reports whether Windows, or a program that it hands the file to, runs a file of this extension, or mounts,
// installs or imports it.
func hazard(ext string) bool {
	switch ext {
	case "ade", "adp", "app", "appcontent-ms", "application", "appref-ms", "appx", "appxbundle", "asp", "aspx", "bas", "bat",
		"bgi", "cab", "cer", "chm", "class", "cmd", "cnt", "com", "cpl", "crt", "crx", "csh", "deb", "der", "desktop",
		"diagcab", "dll", "dmg", "dqy", "eps", "exe", "fxp", "gadget", "grp", "hlp", "hpj", "hta", "htc", "htaccess",
		"img", "inf", "ini", "ins", "iqy", "iso", "isp", "jar", "jnlp", "js", "jse", "jsp", "ksh", "library-ms", "lnk", "mad",
		"maf", "mag", "mam", "maq", "mar", "mas", "mat", "mau", "mav", "maw", "mcf", "mda", "mdb", "mde", "mdt", "mdw",
		"mdz", "mht", "mhtml", "mobileconfig", "msc", "msg-ms", "msh", "msh1", "msh1xml", "msh2", "msh2xml", "mshxml",
		"msi", "msix", "msixbundle", "msp", "mst", "msu", "mvg", "msl", "ocx", "one", "onetoc2", "ops", "oqy", "osd", "pcd",
		"php", "php3", "phtml", "pif", "pl", "plg", "prf", "prg", "printerexport", "ps", "ps1", "ps1xml", "ps2", "ps2xml",
		"psc1", "psc2", "psd1", "psdm1", "psm1", "pssc", "pst", "py", "pyc", "pyo", "pyw", "pyz", "pyzw", "rb", "rdp",
		"reg", "rpm", "rqy", "scf", "scpt", "scr", "sct", "search-ms", "searchconnector-ms", "settingcontent-ms", "sh", "shb",
		"shs", "slk", "swf", "sys", "theme", "themepack", "tmp", "udl", "url", "vb", "vbe", "vbp", "vbs", "vhd", "vhdx",
		"vsmacros", "vsw", "vxd", "wasm", "webloc", "website", "wim", "ws", "wsb", "wsc", "wsf", "wsh", "xap", "xbap", "xll",
		"xla", "xlam", "xlm", "xlw", "xnk", "xpi", "dif", "accda", "accdb", "accde", "accdr", "apk", "command", "kmz":
		return true
	}
	return false
}
