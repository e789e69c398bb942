package notice

// Text is one language's telling of what happened: three sentences or groups of them that a clerk can act on.
type Text struct {
	What string // 何が起きたか
	Now  string // 今どうなっているか
	Next string // 次に何をするか
}

// Message is what is told about one reason.
type Message struct {
	Code string // stable, for a telephone call: "SK-H-ENCRYPTED"
	Ja   Text
	En   Text
}

// The sentences that many messages share.
const (
	keptJa  = "元のファイルは、インターネット側の保管場所に暗号化して保管しました。LGWAN側には届いていません。"
	keptEn  = "The original is kept, encrypted, on the Internet side. It did not reach the LGWAN side."
	staysJa = "ファイルは受付フォルダにそのまま残っています。LGWAN側には届いていません。"
	staysEn = "The file is still in the inbox, untouched. It did not reach the LGWAN side."
	askJa   = "お急ぎのときは、この画面の番号を情報システム担当に伝えてください。"
	askEn   = "If it is urgent, tell your IT staff the code on this page."
)

// messages holds the reasons for which a file is held or blocked (package sanitize), and those for which it stays in the
// inbox (package inbox).
var messages = map[string]Message{
	"encrypted": {"SK-H-ENCRYPTED",
		Text{"このファイルにはパスワードがかかっているため、中を確かめられませんでした。", keptJa,
			"パスワードを情報システム担当に伝えてください（メールではなく電話などで）。パスワードがあれば、送り直さなくても処理を続けられます。パスワードを外したファイルを入れ直すこともできます。"},
		Text{"The file is protected by a password, so it could not be looked into.", keptEn,
			"Give the password to your IT staff (by telephone, not by mail); the file need not be sent again. Or drop a copy without a password."}},
	"unsupported": {"SK-H-UNSUPPORTED",
		Text{"この種類のファイルは、まだ無害化できません。", keptJa,
			"相手に、PDFや新しい形式のWord・Excel・PowerPoint（.docx .xlsx .pptx）で送り直してもらってください。" + askJa},
		Text{"Files of this kind cannot be made safe yet.", keptEn,
			"Ask the sender for a PDF or for a current Word, Excel or PowerPoint file (.docx .xlsx .pptx). " + askEn}},
	"ambiguous": {"SK-H-AMBIGUOUS",
		Text{"このファイルは、二つの種類のファイルとして読めるように作られています。ふつうの文書では起こりません。", keptJa,
			"開かずに、情報システム担当に知らせてください。相手には、作り直したファイルを送ってもらってください。"},
		Text{"The file can be read as two different kinds of file. That does not happen with ordinary documents.", keptEn,
			"Tell your IT staff. Ask the sender to make the file anew."}},
	"mismatch": {"SK-H-MISMATCH",
		Text{"ファイル名の終わり（拡張子）と、中身の種類が合っていません。", keptJa,
			"相手に、正しい名前で保存し直したファイルを送ってもらってください。自分で作ったファイルなら、作ったソフトで保存し直して入れ直してください。"},
		Text{"The end of the file name says one kind of file, the content is another.", keptEn,
			"Ask the sender to save it again under a right name; if it is your own, save it again with the program that made it and drop it again."}},
	"malformed": {"SK-H-MALFORMED",
		Text{"このファイルは壊れているか、途中までしか届いていないため、読み取れませんでした。", keptJa,
			"もう一度、ダウンロードまたはコピーし直して入れてください。それでも止まるときは、相手に作り直してもらってください。"},
		Text{"The file is damaged, or only part of it arrived, so it could not be read.", keptEn,
			"Download or copy it again and drop it again. If it is held again, ask the sender to make it anew."}},
	"limit": {"SK-H-LIMIT",
		Text{"このファイルは、大きさ・ページ数・中に入っているファイルの数などが、決められた上限を超えています。", keptJa,
			"ファイルを分けるか、写真を小さくして入れ直してください。上限の変更が必要なときは、情報システム担当に相談してください。"},
		Text{"The file is over a limit: its size, its pages, or the number of files in it.", keptEn,
			"Split the file, or make its pictures smaller, and drop it again. Your IT staff can change the limits."}},
	"timeout": {"SK-H-TIMEOUT",
		Text{"決められた時間の中で処理が終わりませんでした。", keptJa,
			"ファイルを分けて入れ直してください。" + askJa},
		Text{"The work on the file did not end in the time allowed.", keptEn, "Split the file and drop it again. " + askEn}},
	"crash": {"SK-H-CRASH",
		Text{"処理の途中で、このファイルのために無害化のプログラムが止まりました。ほかのファイルには影響ありません。", keptJa,
			"情報システム担当に知らせてください。相手には、PDFなど別の形式で送り直してもらってください。"},
		Text{"The program that makes files safe stopped because of this file. Other files are not affected.", keptEn,
			"Tell your IT staff. Ask the sender for another form of the document, such as a PDF."}},
	"malware": {"SK-B-MALWARE",
		Text{"このファイルから、ウイルスなどの不正なプログラムが見つかりました。", "元のファイルは、取り出せないように暗号化して隔離しました。LGWAN側には届いていません。",
			"同じファイルを開いたり、ほかの人に送ったりしないでください。すぐに情報システム担当に知らせてください。"},
		Text{"Malware was found in the file.", "The original is quarantined and encrypted. It did not reach the LGWAN side.",
			"Do not open the file or pass it on. Tell your IT staff at once."}},
	"policy": {"SK-H-POLICY",
		Text{"このファイルは、LGWAN側に持ち込まない決まりの種類か、決まりに合わない作りのファイルです。", keptJa,
			"仕事で必要なときは、情報システム担当に相談してください。文書であれば、PDFで送り直してもらうと届くことがあります。"},
		Text{"Files of this kind, or made in this way, may not be brought to the LGWAN side.", keptEn,
			"If you need it for your work, ask your IT staff. A document may pass when it is sent as a PDF."}},
	"verify": {"SK-H-VERIFY",
		Text{"無害化した後の検査で、安全と言い切れないところが残りました。", keptJa,
			"情報システム担当に知らせてください。別の形式で送り直してもらうと届くことがあります。"},
		Text{"The check after the rebuild was not satisfied that the file is safe.", keptEn,
			"Tell your IT staff. Another form of the document may pass."}},

	"too-large": {"SK-I-TOO-LARGE",
		Text{"このファイルは大きすぎるため、受け付けませんでした。", staysJa, "ファイルを分けるか小さくして入れ直し、このファイルは受付フォルダから消してください。"},
		Text{"The file is too large to be taken in.", staysEn, "Split it or make it smaller and drop it again; delete this one from the inbox."}},
	"not-regular": {"SK-I-NOT-REGULAR",
		Text{"これはファイルではなく、ショートカットやリンクなどです。", staysJa, "リンク先のファイルそのものを受付フォルダにコピーしてください。"},
		Text{"This is not a file but a link or the like.", staysEn, "Copy the file it leads to into the inbox."}},
	"unreadable": {"SK-I-UNREADABLE",
		Text{"このファイルを読む許可がありませんでした。", staysJa, "ファイルを閉じてから入れ直してください。それでも読めないときは、情報システム担当に知らせてください。"},
		Text{"There is no permission to read the file.", staysEn, "Close it and drop it again. If that does not help, tell your IT staff."}},
	"growing": {"SK-I-GROWING",
		Text{"このファイルは、長い時間が過ぎても書き込みが終わっていません。", staysJa + "書き込みが終われば自動で受け付けます。", "コピーが止まっているときは、消してから入れ直してください。"},
		Text{"The file is still being written after a long time.", staysEn + " It is taken in by itself when it is complete.", "If the copying has stopped, delete it and drop it again."}},
	"too-deep": {"SK-I-TOO-DEEP",
		Text{"フォルダの中のフォルダが深すぎるため、この先のファイルは受け付けませんでした。", staysJa, "フォルダを浅いところに移してください。"},
		Text{"The folder is nested too deeply; the files in it are not taken in.", staysEn, "Move it to a higher place in the inbox."}},
}

// unknown is told for a reason that has no message of its own.
var unknown = Message{"SK-H-OTHER",
	Text{"このファイルは処理を完了できませんでした。", keptJa, askJa},
	Text{"The work on the file could not be completed.", keptEn, askEn}}

// Lookup returns the message of a reason.
func Lookup(reason string) Message {
	if m, ok := messages[reason]; ok {
		return m
	}
	return unknown
}
