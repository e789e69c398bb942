package notice

// Text is one language's telling of what happened: sentences that a clerk can act on.
type Text struct {
	Title string // of the page, what became of the file in a few words
	What  string // 何が起きたか
	Now   string // 今どうなっているか
	Next  string // 次に何をするか
}

// Message is what is told about one reason.
type Message struct {
	Code string // stable, for a telephone call: "SK-H-ENCRYPTED"
	Ja   Text
	En   Text
}

// The sentences that many messages share.
const (
	heldJa    = "ファイルを止めました"
	heldEn    = "This file was held"
	refusedJa = "ファイルを受け付けませんでした"
	refusedEn = "This file was not taken in"
	keptJa    = "LGWAN側には届いていません。元のファイルは消えておらず、インターネット側の保管場所に、暗号化して（鍵をかけて）しまってあります。"
	keptEn    = "It did not reach the LGWAN side. The original is not lost: it is kept, encrypted, on the Internet side."
	staysJa   = "ファイルは受付フォルダにそのまま残っています。LGWAN側には届いていません。"
	staysEn   = "The file is still in the inbox, untouched. It did not reach the LGWAN side."
	askJa     = "お急ぎのときは、このページの番号を情報システム担当に伝えてください。"
	askEn     = "If it is urgent, tell your IT staff the code on this page."
)

func held(code, what, next, whatEn, nextEn string) Message {
	return Message{code, Text{heldJa, what, keptJa, next}, Text{heldEn, whatEn, keptEn, nextEn}}
}

func refused(code, what, next, whatEn, nextEn string) Message {
	return Message{code, Text{refusedJa, what, staysJa, next}, Text{refusedEn, whatEn, staysEn, nextEn}}
}

// Lookup returns the message of a reason: one for which a file is held or blocked (package sanitize), one for which it
// stays in the inbox (package inbox), or what people decided about a held file. Any other reason gets a message that says
// no more than that the file did not cross.
func Lookup(reason string) Message {
	for _, of := range []func(string) (Message, bool){ofContent, ofTreatment, ofIntake, ofDecision} {
		if m, ok := of(reason); ok {
			return m
		}
	}
	return held("SK-H-OTHER", "このファイルの処理を終えることができませんでした。", askJa,
		"The work on the file could not be completed.", askEn)
}

// ofContent tells what is the matter with the file itself.
func ofContent(reason string) (Message, bool) {
	switch reason {
	case "encrypted":
		return held("SK-H-ENCRYPTED",
			"このファイルにはパスワードがかかっているため、中身を確かめられませんでした。",
			"パスワードを情報システム担当に伝えてください（メールではなく、電話などで）。ファイルを送り直さなくても、続きから処理できます。パスワードを外したファイルを、もう一度入れていただいてもかまいません。",
			"The file is protected by a password, so it could not be looked into.",
			"Give the password to your IT staff (by telephone, not by mail); the file need not be sent again. Or drop a copy without a password."), true
	case "unsupported":
		return held("SK-H-UNSUPPORTED",
			"この種類のファイルは、安全な形に作り直すことができません。",
			"相手の方に、PDFか、今の形式のWord・Excel・PowerPoint（名前の終わりが .docx .xlsx .pptx のもの）で送り直してもらってください。"+
				"Adobe Readerでしか開けない書き込み式のPDF（申請書など）は、Adobe Readerで開いて印刷し、印刷先を「Microsoft Print to PDF」などにしてできたPDFを入れてください。"+askJa,
			"Files of this kind cannot be rebuilt into a safe form.",
			"Ask the sender for a PDF or for a current Word, Excel or PowerPoint file (.docx .xlsx .pptx). "+
				"A PDF form that only Adobe Reader opens: open it there, print it to PDF, and drop that PDF. "+askEn), true
	case "ambiguous":
		return held("SK-H-AMBIGUOUS",
			"このファイルは、二つの種類のファイルとして読めるように作られています。ふつうの文書では起こらないことで、人をだます目的で作られた疑いがあります。",
			"手元に同じファイルがあれば開かずに、情報システム担当に知らせてください。相手の方に心当たりがあれば、作り直したファイルを送ってもらってください。",
			"The file can be read as two different kinds of file. That does not happen with ordinary documents, and may be meant to deceive.",
			"Do not open other copies of it; tell your IT staff. If you know the sender, ask for the file to be made anew."), true
	case "mismatch":
		return held("SK-H-MISMATCH",
			"ファイル名の終わりの部分（.pdf や .docx など）が示す種類と、実際の中身の種類が違っています。",
			"相手の方に、正しい名前で保存し直したファイルを送ってもらってください。ご自分で作ったファイルなら、作ったソフトで保存し直して、もう一度入れてください。",
			"The end of the file name says one kind of file, the content is another.",
			"Ask the sender to save it again under a right name; if it is your own, save it again with the program that made it and drop it again."), true
	case "malformed":
		return held("SK-H-MALFORMED",
			"このファイルは壊れているか、途中までしか届いていないため、読み取れませんでした。",
			"ダウンロードやコピーをやり直して、もう一度入れてください。それでも止まるときは、相手の方に作り直してもらってください。",
			"The file is damaged, or only part of it arrived, so it could not be read.",
			"Download or copy it again and drop it again. If it is held again, ask the sender to make it anew."), true
	case "malware":
		return Message{"SK-B-MALWARE",
			Text{"危険なファイルを止めました", "このファイルから、ウイルスなど、パソコンに害を与えるプログラムが見つかりました。",
				"LGWAN側には届いていません。元のファイルは、だれも開けないように暗号化して隔離しました。",
				"手元に同じファイルがあっても開かず、ほかの人にも送らないでください。すぐに、このページの番号を情報システム担当に知らせてください。"},
			Text{"A dangerous file was stopped", "Malware was found in the file.",
				"It did not reach the LGWAN side. The original is in quarantine, encrypted so that nobody can open it.",
				"Do not open other copies of it or pass them on. Tell your IT staff the code on this page at once."}}, true
	}
	return Message{}, false
}

// ofTreatment tells what happened while the file was treated.
func ofTreatment(reason string) (Message, bool) {
	switch reason {
	case "limit":
		return held("SK-H-LIMIT",
			"このファイルは、大きさ、ページ数、中に入っているファイルの数などのどれかが、決められた上限を超えています。",
			"ファイルを分けるか、中の写真を小さくして、もう一度入れてください。どうしても必要な大きさのときは、情報システム担当に相談してください。上限は変えられることがあります。",
			"The file is over a limit: its size, its pages, or the number of files in it.",
			"Split the file, or make its pictures smaller, and drop it again. Your IT staff may be able to change the limit."), true
	case "timeout":
		return held("SK-H-TIMEOUT",
			"決められた時間の中で、処理が終わりませんでした。ページ数がとても多いときや、作りが複雑なときに起こります。",
			"ファイルを分けて、もう一度入れてください。"+askJa,
			"The work on the file did not end in the time allowed. That happens with very long or very complicated files.",
			"Split the file and drop it again. "+askEn), true
	case "crash":
		return held("SK-H-CRASH",
			"このファイルを処理している途中で、処理のプログラムが止まりました。ほかのファイルへの影響はありません。",
			"このページの番号を情報システム担当に知らせてください。相手の方に、PDFなど別の形式で送り直してもらうと、届くことがあります。",
			"The program that rebuilds files stopped over this one. Other files are not affected.",
			"Tell your IT staff the code on this page. Another form of the document, such as a PDF, may pass."), true
	case "policy":
		return held("SK-H-POLICY",
			"このファイルは、LGWAN側に持ち込まない決まりになっている種類か、決まりに合わない作りになっています。",
			"お仕事に必要なときは、情報システム担当に相談してください。文書であれば、PDFで送り直してもらうと届くことがあります。",
			"Files of this kind, or made in this way, may not be brought to the LGWAN side.",
			"If you need it for your work, ask your IT staff. A document may pass when it is sent as a PDF."), true
	case "verify":
		return held("SK-H-VERIFY",
			"作り直した後の検査で、安全と言い切れないところが残りました。",
			"このページの番号を情報システム担当に知らせてください。相手の方に、別の形式で送り直してもらうと、届くことがあります。",
			"The check after the rebuild was not satisfied that the file is safe.",
			"Tell your IT staff the code on this page. Another form of the document may pass."), true
	}
	return Message{}, false
}

// ofIntake tells why a file was not taken in.
func ofIntake(reason string) (Message, bool) {
	switch reason {
	case "too-large":
		return refused("SK-I-TOO-LARGE",
			"このファイルは大きすぎるため、受け付けませんでした。",
			"ファイルを分けるか小さくして、もう一度入れてください。受付フォルダに残っているこのファイルは、消してください。",
			"The file is too large to be taken in.",
			"Split it or make it smaller and drop it again; delete this one from the inbox."), true
	case "not-regular":
		return refused("SK-I-NOT-REGULAR",
			"これはファイルそのものではなく、別の場所を指すショートカットやリンクなどです。",
			"指している先のファイルそのものを、受付フォルダにコピーしてください。",
			"This is not a file but a link or the like.",
			"Copy the file it leads to into the inbox."), true
	case "unreadable":
		return refused("SK-I-UNREADABLE",
			"このファイルを読む許可がないか、ほかのソフトが開いたままのため、読めませんでした。",
			"ファイルを閉じてから、もう一度入れてください。それでも読めないときは、情報システム担当に知らせてください。",
			"The file could not be read: there is no permission, or another program has it open.",
			"Close it and drop it again. If that does not help, tell your IT staff."), true
	case "growing":
		return refused("SK-I-GROWING",
			"このファイルは、長い時間がたっても書き込みが終わっていません。",
			"書き込みが終われば、自動で受け付けます。コピーが止まっているようなら、消してから、もう一度入れてください。",
			"The file is still being written after a long time.",
			"It is taken in by itself when it is complete. If the copying has stopped, delete it and drop it again."), true
	case "disk-reserve":
		return Message{"SK-I-DISK",
			Text{"受け付けを一時停止しています", "関所のディスクの空きが、決められた量より少なくなりました。",
				"受付フォルダに入れたファイルは、消えずに待っています。すでに受け付けたファイルの処理は続いています。",
				"何もしなくてかまいません。空きができると、自動で受け付けを再開し、この知らせは消えます。長く続くときは、情報システム担当に、このページの番号を伝えてください。"},
			Text{"Files are not taken in for now", "The disk of the gateway has less free space than is kept in reserve.",
				"Files that you drop wait; nothing is lost. Files that were taken in go on.",
				"You need do nothing. When there is room, files are taken in again and this notice goes. If it stays long, tell your IT staff the code on this page."}}, true
	case "too-deep":
		return refused("SK-I-TOO-DEEP",
			"フォルダの中のフォルダが深すぎるため、その先のファイルを受け付けませんでした。",
			"このフォルダを、受付フォルダのもっと浅いところに移してください。",
			"The folder is nested too deeply; the files in it are not taken in.",
			"Move it to a higher place in the inbox."), true
	}
	return Message{}, false
}

// ofDecision tells what people decided about a held file.
func ofDecision(reason string) (Message, bool) {
	switch reason {
	case "rejected":
		return Message{"SK-R-REJECTED",
			Text{"ファイルを届けないことになりました", "止めていたファイルを担当者が確かめ、LGWAN側には届けないと決めました。",
				"LGWAN側には届いていません。元のファイルは、決められた期間が過ぎると消えます。",
				"理由は、このページの番号を添えて情報システム担当に聞いてください。必要なときは、相手の方に別の形で送り直してもらってください。"},
			Text{"The file will not be delivered", "Your IT staff looked at the held file and decided that it does not cross.",
				"It did not reach the LGWAN side. The original is deleted when its time is over.",
				"Ask your IT staff for the reason, with the code on this page. If you need the file, ask the sender for another form of it."}}, true
	case "rescan-released":
		return Message{"SK-B-RESCAN",
			Text{"届け済みのファイルの原本から、ウイルスなどが見つかりました", "このファイルは、届けたときには検出されませんでしたが、新しい定義でもう一度検査したところ、元のファイルから危険なプログラムが見つかりました。",
				"LGWAN側に届いているのは、作り直した安全な形のファイルで、元のファイルそのものではありません。念のため、確かめるまで使わないでください。",
				"届いたファイルを開かず、ほかの人にも送らないでください。元のファイルやメールが手元にあれば、それも開かないでください。すぐに、このページの番号を情報システム担当に知らせてください。"},
			Text{"Malware was found in the original of a file that was delivered", "Nothing was found when the file was delivered; with new signatures, a scanner has found something dangerous in the original.",
				"What is in the LGWAN folder is the rebuilt file, not the original. To be sure, do not use it until it has been looked at.",
				"Do not open the delivered file or pass it on, nor the original if you still have it. Tell your IT staff the code on this page at once."}}, true
	case "exception":
		return Message{"SK-E-EXCEPTION",
			Text{"ファイルを元のまま届けました（例外措置）", "担当者二人が確かめて認めたため、このファイルを、作り直さずに元のまま届けました。",
				"LGWAN側のフォルダに届いています。危険なものを取り除く処理は、していません。",
				"送り主に心当たりのあるときだけ開いてください。「コンテンツの有効化」や「マクロを有効にする」などの表示が出ても、押さないでください。"},
			Text{"The file was delivered as it is (exception)", "Two people looked at the file and approved it, so it was delivered without being rebuilt.",
				"It is in the LGWAN folder. Nothing dangerous was taken out of it.",
				"Open it only if you know the sender. Do not press \"Enable content\" or \"Enable macros\" if you are asked."}}, true
	}
	return Message{}, false
}
