"""Interface files of our own, in the form of the reference policy's."""

from __future__ import annotations

from hardcheck.refpolicy.library import Library, read_texts

SETS = """
# Sets of permissions; a comment may hold a quote that is never closed: don't.
define(`look_file_perms',`{ getattr open read }')
define(`look_more_file_perms',`{ look_file_perms lock ioctl }')
define(`pass_dir_perms',`{ getattr search open }')
define(`plain_files',`{ file fifo_file }')
define(`old_perms',`{ read } refpolicywarn(`old')')
define(`endless_perms',`{ read endless_perms }')
define(`look_pattern',`
    allow $1 $2:dir pass_dir_perms;
    allow $1 $3:file look_file_perms;
')
define(`start_pattern',`
    allow $1 $2:file { getattr execute };
    allow $1 $3:process transition;
    type_transition $1 $2:process $3;
')
"""

SHOP = """
## <summary>A shop of our own.</summary>
interface(`shop_look_conf',`
    gen_require(`
        type shop_conf_t, shop_dir_t;
        attribute shop_thing;
        class file { read };
    ')

    # the folder first
    look_pattern($1, shop_dir_t, shop_conf_t)
    allow $1 { shop_thing -shop_key_t }:plain_files { look_more_file_perms map };
')

interface(`shop_pass',`
    gen_require(`
        type shop_dir_t;
    ')
    allow $1 shop_dir_t:dir pass_dir_perms; allow $1 self:capability { chown };
    auditallow $1 shop_dir_t:dir search;
')

interface(`shop_all',`
    shop_pass($1)
    shop_pass({ $1 })
    optional_policy(`
        allow $1 shop_extra_t:file read;
    ',`
        shop_look_conf($1)
    ')
    tunable_policy(`shop_open || shop_wide',`
        allow $1 shop_wide_t:file write;
    ')
    ifdef(`distro_ours',`
        allow $1 shop_ours_t:file read;
    ')
')
"""

BROKEN = {
    "dontaudit $1 a_t:file read;": "silences",
    "typeattribute $1 shop_thing;": "attribute",
    "type_transition $1 a_t:process b_t;": "labels of new files",
    "role $2 types $1;": "takes more than the domain",
    "role r types $1;": "role",
    "allow $1 $2:file read;": "takes more than the domain",
    "allow $1 a_t:file read; allow $*;": "takes more than the domain",
    "allow a_t $1:process sigchld;": "another domain",
    "allow { $1 b_t } a_t:file read;": "another domain",
    "allow $1 a_t:file ~{ read };": "all but some",
    "allow $1 a_t:file *;": "all but some",
    "allow $1 a_t:file { read -write };": "other than types",
    "allow $1 a_t:file { };": "an empty set",
    "allow $1 a_t:file read, write;": "not read here",
    "allow $1 a_t file read;": "without ':'",
    "allow $1 a_t:file { read ;": "ends too early",
    "allow $1 a_t:file } read;": "a bracket too many",
    "allow $1 a_t:file read": "without a semicolon",
    "allow $1 a_t:file old_perms;": "not read here",
    "allow $1 a_t:file endless_perms;": "without end",
    "if (x) { allow $1 a_t:file read; }": "not",
    "nobody_knows($1)": "nobody_knows, which is not known",
    "start_pattern($1, a_t, b_t)": "labels of new files",
    "shop_template($1)": "a template",
    "refpolicywarn(`old')": "deprecated",
    "gen_require(`role shop_r; sensitivity s9;')": "a require block with sensitivity",
    "broken($1)": "calls more than",
    "allow $1 a_t:file read; define(`x',`y')": "define, which is not known",
}


def library(body: str = "", *more: tuple[str, str]) -> Library:
    """The samples, with an interface ``broken`` of some body."""
    own = f"interface(`broken',`\n{body}\n')\ntemplate(`shop_template',`type $1_x_t;')\n"
    return read_texts([("support/sets.spt", SETS), ("apps/shop.if", SHOP), ("apps/own.if", own), *more])
