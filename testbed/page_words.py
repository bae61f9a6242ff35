"""The words of the testbed's page in both languages."""

PAGE = {
    "ja": {
        "service": "試験用の道具箱",
        "title": "見本のカード",
        "what": "このページは試験用です。カードをカードリーダーに置いたり、失くしたりできます。",
        "failed": "できませんでした",
        "place": "場所",
        "inside": "カードリーダーの上",
        "outside": "手もと",
        "pin": "暗証番号",
        "tries": "あと{n}回入力できます",
        "condition": "状態",
        "more": "ほかのこと",
    },
    "en": {
        "service": "Toolbox for trials",
        "title": "The sample cards",
        "what": "This page is for trials only. Put cards on the reader, lose them, renew them.",
        "failed": "That was not possible",
        "place": "Where",
        "inside": "On the reader",
        "outside": "In the hand",
        "pin": "PIN",
        "tries": "{n} tries left",
        "condition": "Made as",
        "more": "More",
    },
}

ACTS = {
    "ja": {
        "insert": "カードリーダーに置く",
        "pull": "カードリーダーから取る",
        "unlock": "暗証番号の回数を元に戻す（窓口）",
        "lose": "失くしたと届け出る（失効）",
        "renew": "更新する（新しい電子証明書）",
        "hold": "一時停止する",
        "release": "一時停止を解く",
        "expire": "有効期限を過ぎたものにする",
        "move": "引っ越す（署名用だけ失効）",
        "death": "亡くなる（両方失効）",
    },
    "en": {
        "insert": "Put on the reader",
        "pull": "Take from the reader",
        "unlock": "Reset the tries (at the counter)",
        "lose": "Report lost (revoke)",
        "renew": "Renew (new certificates)",
        "hold": "Suspend",
        "release": "End the suspension",
        "expire": "Let it expire",
        "move": "Move house (revokes the signature certificate)",
        "death": "Die (revokes both)",
    },
}

CONDITIONS = {
    "ja": {
        "ordinary": "ふつうのカード",
        "older-authority": "古い世代の認証局のカード",
        "child": "15歳未満のカード（署名用なし）",
        "revoked": "失効したカード",
        "on-hold": "一時停止中のカード",
        "expired": "有効期限の切れたカード",
        "wrong-policy": "証明書ポリシーの違うカード",
        "unknown": "発行の記録がないカード",
        "untrusted": "知らない認証局のカード",
        "locked": "暗証番号がロックされたカード",
    },
    "en": {
        "ordinary": "An ordinary card",
        "older-authority": "By the older generation of the authority",
        "child": "Of a child (no signature certificate)",
        "revoked": "Revoked",
        "on-hold": "Suspended",
        "expired": "Expired",
        "wrong-policy": "With another certificate policy",
        "unknown": "Unknown to its authority",
        "untrusted": "By an authority that nobody knows",
        "locked": "With a locked PIN",
    },
}
