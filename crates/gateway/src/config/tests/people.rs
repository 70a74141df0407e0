//! Tests of faults in `[[user]]`.

use super::check_faults;

#[test]
fn each_fault_of_a_user_is_reported_with_its_position() {
    check_faults(&[
        (
            "role = \"admin\"",
            "role = \"amdin\"",
            &[
                "32:8: user \"ops\": role: \"amdin\" is not one of \"admin\", \"viewer\", \"wall\"; did you mean \"admin\"?",
            ],
        ),
        (
            "password_hash = \"$argon2id$",
            "password_hash = \"$2b$",
            &[
                "33:17: user \"ops\": password_hash: is not an Argon2id hash: it has to begin with $argon2id$ and be \
             complete, as `failover-console hash-password` writes it",
            ],
        ),
        (
            "[[user]]",
            "[[user]]\nname = \" Ops\"\nrole = \"viewer\"\npassword_hash = \"$argon2id$v=19$m=19456,t=2,p=1$hgFLuKv8EITaimyGFmDzvw$d11SJ82f/BvbIT6zu+WEFXg8YEcT4r2BPjTW6w7XnY8\"\n\n[[user]]",
            &["36:8: user \"ops\": this name is given twice (capitals do not count)"],
        ),
        (
            "name = \"ops\"",
            "name = \"o\u{202e}ps\"",
            &[
                "31:8: user \"o\\u{202e}ps\": name: holds the character U+202E, which cannot be seen",
            ],
        ),
        (
            "name = \"ops\"",
            "name = \"ops\u{200b}\"",
            &[
                "31:8: user \"ops\\u{200b}\": name: holds the character U+200B, which cannot be seen",
            ],
        ),
        (
            "[[user]]",
            "[user]",
            &["30:1: user: must be written as [[user]], not a table"],
        ),
        (
            "[[user]]",
            "[[usr]]",
            &[
                "2:1: `public_url` is given, but there is no [[user]] who could sign in, and no [openid]: everybody whom \
                 the proxy lets through would be an admin",
                "30:3: unknown key `usr`; did you mean `user`?",
            ],
        ),
    ]);
}
