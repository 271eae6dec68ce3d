#!/usr/bin/env python3
"""Randomly composed tokenizer.json files through `nacre tokenize` and through the package `tokenizers`: every field must be equal.

    tests/suites/random_tokenizers.py --count 200 --seed 1        # as scripts/test runs it; NACRE and NACRE_PYTHON name the command and the Python

Each tokenizer has a random model with a vocabulary cut out of the texts, and random normalizers, pre-tokenizers, post-processors, decoders, added tokens,
truncation and padding with random options. Texts, pairs and lists of ids go through both. A tokenizer or a text that the package refuses is left out.
A difference prints the smallest text that shows it (--keep FOLDER keeps the tokenizer); counts are of tokenizers.
"""
import argparse
import gzip
import json
import os
import pathlib
import random
import re
import resource
import subprocess
import sys
import tempfile
import unicodedata

ROOT = pathlib.Path(__file__).resolve().parents[2]
COUNT = 200
os.environ["TOKENIZERS_PARALLELISM"] = "false"
try:
    import tokenizers  # reads the variable
except ImportError:
    python = os.environ.get("NACRE_PYTHON") or str(ROOT / ".cache/venv/bin/python")
    if os.environ.get("NACRE_RANDOM_TOKENIZERS") or not os.path.exists(python):
        print(f"the package tokenizers is not installed\n0 passed, 0 failed, {COUNT} skipped")
        sys.exit(0)
    os.environ["NACRE_RANDOM_TOKENIZERS"] = "1"  # once
    os.execv(python, [python, __file__, *sys.argv[1:]])

WORDS = """hello Hello world the The low lower lowest new newer newest wide 1234 3.14 x=y don't can't we'll I'M they'RE e.g. foo_bar C++ naïve café
Ünïcödé ﬁne ǅ İstanbul ı ß ẞ ΑΣ ΌΣΟΣ σς Привет мир й ё שלום שָׁלוֹם مرحبا ٱلسَّلَامُ हिन्दी กำลัง ภาษาไทย 日本語 テスト ｶﾞ か゛ 中文字 한국어 가 각 😀 👩‍👩‍👧 🇩🇪 ☺️ e\u0301 A\u030a\u0323 ﷺ
½ ² ① Ⅷ ㎏ ｆｕｌｌ　ｗｉｄｔｈ a\u200bb \u200dx \ufeffy [MASK] [CLS] <s> </s> <unk> [UNK] <tok> <TOK> ##ing ▁low Ġlow <0x41> ... !? «» “” – — ₹5 $9 € a\u00adb \ue000 \U0001f9ff \U0010fffd ﬃ ℌ µ \u1e9b\u0323""".split()
SPACES = [" "] * 12 + ["  ", "\n", "\t", "\r\n", "\u00a0", "\u3000", "\u2028", "   ", "\x0b", "\x1c", "\x85", "", ""]
ODD = ["\x00", "\x07", "\x7f", "\ufffd", "\u0301", "\u200b", "\u0345", "\u1160", "\u11a8", "\u0e33", "\u1680", "\ufb1d", "\U000e0041", "\u180e", "\u2581", "\u0120"]


def some_text(rng, longest=14):
    out = "" if rng.random() < 0.7 else rng.choice(SPACES)
    for _ in range(rng.randrange(longest) * rng.choice([1, 1, 1, 4])):
        kind = rng.random()
        if kind < 0.85:
            out += rng.choice(WORDS)
        elif kind < 0.95:
            out += rng.choice(ODD)
        else:
            one = chr(rng.choice([rng.randrange(32, 127), rng.randrange(0xA0, 0x3000), rng.randrange(0x3000, 0xD800), rng.randrange(0x10000, 0x1FFFF)]))
            out += one if unicodedata.ucd_3_2_0.category(one) != "Cn" else ""  # later ones are in some tables and not in others
        out += rng.choice(SPACES)
    return out


def maybe(rng, chance=0.5):
    return rng.random() < chance


def charsmaps():
    """SentencePiece's compiled tables of replacements, from the shared tokenizers that have one; none without them."""
    shared = pathlib.Path(os.environ.get("NACRE_SHARED", ROOT.parent / "shared"))
    out = []
    for name in ("t5", "deberta-v3-chain-small", "unigram-bytes-small"):
        for path in [path for path in (shared / "tokenizers" / name).glob("tokenizer.json*")][:1]:
            text = gzip.open(path, "rt").read() if path.suffix == ".gz" else path.read_text()
            out += re.findall(r'"precompiled_charsmap": ?"([^"]+)"', text)
    return out


CHARSMAPS = charsmaps()


REGEXES = [r"\s+", r"\w+|[^\w\s]+", r"\d", r"\p{L}+", r"(?i:'s|'t|'re)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|\s+(?!\S)|\s+", r"[aeiou]", r"", r"x*", r"(?<=l)o",
           r"\b", r"^.", r".$", r"[[:punct:]]", r"\p{Han}", r"\X", r"[^a-z]+", r"l{2,}", r"(l)(o)", r"(?=o)", r"\R", r"\h", r"[ー-龠]", r"(?m)^\w", r".", r"\s|\p{M}",
           r"\p{Lu}\p{Ll}*", r"[\p{P}\p{S}]", r"\S+?", r"\A\s", r"\s\z", r"(?x) l o # c", r"\p{^L}", r"\P{N}", r"[a-z&&[^l-o]]", r"\x{65}", r"\u0065"]
# Of public models: Bloom, Falcon, DeepSeek-LLM and -V3, Command-R, GPT-OSS, GLM-4, Tekken, Qwen3-Next, StarCoder2, CLIP, NLLB, Phi-2.
REGEXES += [r" ?[^(\s|[.,!?…。，、।۔،])]+", r"[0-9][0-9][0-9]", r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", r"[一-龥ࠀ-一가-퟿]+", r"\s+$", r"\p{N}{1,3}", r"[一-龥぀-ゟ゠-ヿ]+",
            r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+"
            r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
            r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+", r" {2,}", r"(?<=\p{L})(?=\p{N})", r"(?<!\S)\p{Lu}", r"[\p{L}&&[^\p{Lu}]]+", r"\s(?=\S)|[[:digit:]]+"]
STRINGS = [" ", "l", "lo", "▁", "e", "the", "\u0301", "..", "ﬁ", "", "A", "-", "\n", "'"]
BEHAVIOURS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]


def pattern(rng):
    return {"Regex": rng.choice(REGEXES)} if maybe(rng, 0.6) else {"String": rng.choice(STRINGS)}


def normalizer(rng, depth=0):
    kind = rng.choice(["BertNormalizer", "Strip", "StripAccents", "NFC", "NFD", "NFKC", "NFKD", "Lowercase", "Nmt", "Replace", "Prepend", "ByteLevel"] +
                      ["Precompiled"] * (2 if CHARSMAPS else 0) + ["Sequence"] * (4 if depth == 0 else 0))
    out = {"type": kind}
    if kind == "Precompiled":
        out |= {"precompiled_charsmap": rng.choice(CHARSMAPS)}
    elif kind == "BertNormalizer":
        out |= {"clean_text": maybe(rng), "handle_chinese_chars": maybe(rng), "strip_accents": rng.choice([None, True, False]), "lowercase": maybe(rng)}
    elif kind == "Strip":
        out |= {"strip_left": maybe(rng), "strip_right": maybe(rng)}
    elif kind == "Replace":
        out |= {"pattern": pattern(rng), "content": rng.choice(STRINGS + ["xyz"])}
    elif kind == "Prepend":
        out |= {"prepend": rng.choice(["▁", "ab", " ", "é"])}
    elif kind == "Sequence":
        out |= {"normalizers": [normalizer(rng, 1) for _ in range(rng.randrange(4))]}
    return out


def pre_tokenizer(rng, depth=0):
    kind = rng.choice(["BertPreTokenizer", "ByteLevel", "CharDelimiterSplit", "Metaspace", "Whitespace", "Split", "Split", "Punctuation", "WhitespaceSplit", "Digits",
                       "UnicodeScripts", "FixedLength"] + ["Sequence"] * (4 if depth == 0 else 0))
    out = {"type": kind}
    if kind == "ByteLevel":
        out |= {"add_prefix_space": maybe(rng), "trim_offsets": maybe(rng), "use_regex": maybe(rng, 0.7)}
    elif kind == "CharDelimiterSplit":
        out |= {"delimiter": rng.choice([" ", "l", "日", "\n"])}
    elif kind == "Metaspace":
        out |= {"replacement": rng.choice(["▁", "▁", "_"]), "prepend_scheme": rng.choice(["always", "never", "first"]), "split": maybe(rng, 0.7)}
    elif kind == "Split":
        out |= {"pattern": pattern(rng), "behavior": rng.choice(BEHAVIOURS), "invert": maybe(rng, 0.3)}
    elif kind == "Punctuation":
        out |= {"behavior": rng.choice(BEHAVIOURS)}
    elif kind == "Digits":
        out |= {"individual_digits": maybe(rng)}
    elif kind == "FixedLength":
        out |= {"length": rng.randrange(1, 6)}
    elif kind == "Sequence":
        out |= {"pretokenizers": [pre_tokenizer(rng, 1) for _ in range(rng.randrange(4))]}
    return out


def piece(rng, first, second):
    kind = rng.random()
    if kind < 0.4:
        return {"SpecialToken": {"id": rng.choice(["[A]", "[B]"]), "type_id": rng.randrange(3)}}
    return {"Sequence": {"id": first if kind < 0.7 else second, "type_id": rng.randrange(3)}}


def post_processor(rng, depth=0):
    kind = rng.choice(["RobertaProcessing", "BertProcessing", "ByteLevel", "TemplateProcessing", "TemplateProcessing"] + ["Sequence"] * (2 if depth == 0 else 0))
    out = {"type": kind}
    if kind in ("RobertaProcessing", "BertProcessing"):
        out |= {"sep": ["[SEP]", rng.randrange(40)], "cls": ["[CLS]", rng.randrange(40)]}
    if kind == "RobertaProcessing":
        out |= {"trim_offsets": maybe(rng), "add_prefix_space": maybe(rng)}
    elif kind == "ByteLevel":
        out |= {"add_prefix_space": maybe(rng), "trim_offsets": maybe(rng), "use_regex": maybe(rng)}
    elif kind == "TemplateProcessing":
        single = [piece(rng, "A", "A") for _ in range(rng.randrange(3))] + [{"Sequence": {"id": "A", "type_id": rng.randrange(2)}}]
        pair = [{"Sequence": {"id": "A", "type_id": rng.randrange(2)}}, {"Sequence": {"id": "B", "type_id": rng.randrange(2)}}]
        pair += [{"SpecialToken": {"id": "[B]", "type_id": rng.randrange(3)}} for _ in range(rng.randrange(3))]
        rng.shuffle(pair)
        rng.shuffle(single)
        tokens = {"[A]": {"id": "[A]", "ids": [rng.randrange(40)], "tokens": ["[A]"]},
                  "[B]": {"id": "[B]", "ids": [rng.randrange(40), rng.randrange(40)], "tokens": ["[B]", "[C]"]}}
        out |= {"single": single, "pair": pair, "special_tokens": tokens}
    elif kind == "Sequence":
        out |= {"processors": [post_processor(rng, 1) for _ in range(rng.randrange(1, 3))]}
    return out


def decoder(rng, depth=0):
    kind = rng.choice(["BPEDecoder", "ByteLevel", "WordPiece", "Metaspace", "CTC", "Replace", "Fuse", "Strip", "ByteFallback"] + ["Sequence"] * (5 if depth == 0 else 0))
    out = {"type": kind}
    if kind == "BPEDecoder":
        out |= {"suffix": rng.choice(["</w>", "", "e"])}
    elif kind == "WordPiece":
        out |= {"prefix": rng.choice(["##", "", "l"]), "cleanup": maybe(rng)}
    elif kind == "Metaspace":
        out |= {"replacement": rng.choice(["▁", "_"]), "prepend_scheme": rng.choice(["always", "never", "first"]), "split": maybe(rng)}
    elif kind == "CTC":
        out |= {"pad_token": rng.choice(["<pad>", "l", ""]), "word_delimiter_token": rng.choice(["|", "o", ""]), "cleanup": maybe(rng)}
    elif kind == "Replace":
        out |= {"pattern": pattern(rng), "content": rng.choice(STRINGS)}
    elif kind == "Strip":
        out |= {"content": rng.choice([" ", "l", "▁"]), "start": rng.randrange(3), "stop": rng.randrange(3)}
    elif kind == "Sequence":
        out |= {"decoders": [decoder(rng, 1) for _ in range(rng.randrange(4))]}
    return out


def substrings(rng, words, count):
    out = {}
    for _ in range(count):
        word = rng.choice(words)
        begin = rng.randrange(len(word))
        out[word[begin:begin + rng.choice([1, 1, 2, 2, 3, 4, 9])]] = 1
    return list(out)


def numbered(tokens):
    return {token: place for place, token in enumerate(dict.fromkeys(tokens))}


def bpe(rng, words):
    prefix, suffix = rng.choice([None] * 4 + ["##", ""]), rng.choice([None] * 4 + ["</w>", ""])
    fallback = maybe(rng, 0.3) and not prefix and not suffix  # the package gives places beyond the text there
    characters = list(dict.fromkeys("".join(words)))
    characters = [one for one in characters if maybe(rng, 0.9)]
    tokens = ["<unk>", "[UNK]"] + characters
    if prefix:
        tokens += [prefix + one for one in characters]
    if suffix:
        tokens += [one + suffix for one in list(tokens)]
    if fallback:
        tokens += [f"<0x{byte:02X}>" for byte in range(256) if maybe(rng, 0.999)]
    vocabulary, merges = dict.fromkeys(tokens), []
    for _ in range(rng.choice([0, 30, 200])):
        word = rng.choice(words)
        parts = [(prefix or "") * (i > 0) + one + (suffix or "") * (i == len(word) - 1) for i, one in enumerate(word)]
        while len(parts) > 1:
            at = rng.randrange(len(parts) - 1)
            left, right = parts[at], parts[at + 1]
            if left not in vocabulary or right not in vocabulary:
                break
            merged = left + (right[len(prefix):] if prefix else right)
            if [left, right] not in merges:
                merges.append([left, right])
            vocabulary[merged] = None
            parts[at:at + 2] = [merged]
            if maybe(rng, 0.4):
                break
    if maybe(rng, 0.2):
        rng.shuffle(merges)
    if maybe(rng, 0.5) and not any(" " in side for pair in merges for side in pair):
        merges = [" ".join(pair) for pair in merges]
    return {"type": "BPE", "dropout": None, "unk_token": rng.choice([None, "<unk>", "[UNK]"]), "continuing_subword_prefix": prefix, "end_of_word_suffix": suffix,
            "fuse_unk": maybe(rng), "byte_fallback": fallback, "ignore_merges": maybe(rng, 0.3), "vocab": numbered(list(vocabulary)), "merges": merges}


def word_piece(rng, words):
    prefix = rng.choice(["##", "##", "", "@"])
    tokens = ["[UNK]"] + substrings(rng, words, 600)
    tokens += [prefix + one for one in substrings(rng, words, 600)]
    return {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": prefix, "max_input_chars_per_word": rng.choice([100, 100, 5, 1]),
            "vocab": numbered(tokens)}


def word_level(rng, words):
    return {"type": "WordLevel", "vocab": numbered(["[UNK]"] + rng.sample(words, len(words) // 2)), "unk_token": rng.choice(["[UNK]", "[UNK]", "nothing"])}


def unigram(rng, words):
    fallback = maybe(rng, 0.3)
    tokens = ["<unk>"] + substrings(rng, words, 900)
    if fallback:
        tokens += [f"<0x{byte:02X}>" for byte in range(256)]
    entries = [[token, round(-rng.random() * 12, 4)] for token in dict.fromkeys(tokens)]
    return {"type": "Unigram", "unk_id": 0 if maybe(rng, 0.9) else None, "vocab": entries, "byte_fallback": fallback}


def words_of(rng, normalise, split):
    """Words as the model will see them."""
    text = " ".join(WORDS) + " " + some_text(rng, 60)
    words = set()
    maker = tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0}, unk_token="a"))
    spec = json.loads(maker.to_str())
    spec["normalizer"], spec["pre_tokenizer"] = normalise, split
    maker = tokenizers.Tokenizer.from_str(json.dumps(spec))
    for one in [text] + WORDS:
        one = maker.normalizer.normalize_str(one) if maker.normalizer else one
        pieces = maker.pre_tokenizer.pre_tokenize_str(one) if maker.pre_tokenizer else [(one, 0)]
        words |= {piece for piece, _ in pieces}
    return sorted(word for word in words if word)


def normal_form(normalise, content):
    if normalise is None:
        return content
    maker = json.loads(tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0}, unk_token="a")).to_str()) | {"normalizer": normalise}
    return tokenizers.Tokenizer.from_str(json.dumps(maker)).normalizer.normalize_str(content)


def added_tokens(rng, vocabulary, normalise):
    out, start, forms = [], len(vocabulary), set()
    contents = rng.sample(["<tok>", "[MASK]", "[CLS]", "[SEP]", "low", "the", "日本", "\u0301", "<s>", "</s>", "e", " x", "café", "Σ", "new  er", "<unk>", "▁low"], rng.randrange(7))
    for content in contents:
        form = normal_form(normalise, content)
        if form in forms:  # the package finds either
            continue
        forms |= {form, content}
        known = vocabulary.get(content)
        if known is None:
            known, start = start, start + 1
        plain = form == "" or (form != content and tokenizers.__version__ >= "0.23")  # from 0.23 on such a token is decoded as its normal form
        out.append({"id": known, "content": content, "single_word": maybe(rng, 0.3), "lstrip": maybe(rng, 0.3), "rstrip": maybe(rng, 0.3),
                    "normalized": maybe(rng) and not plain, "special": maybe(rng)})
    return out


def older(rng, spec):
    """The same file as an earlier version of the package would have it, or one written by hand: members left out, spaces in merges, no type of the model."""
    model, parts = spec["model"], [spec["pre_tokenizer"], spec["decoder"]]
    for part in parts + [one for whole in parts if whole for one in whole.get("pretokenizers", []) + whole.get("decoders", [])]:
        if part and part["type"] == "Metaspace" and part["prepend_scheme"] == "always":
            del part["prepend_scheme"]
            part["add_prefix_space"] = True
            part.pop("split", None)
            if maybe(rng):
                part["str_rep"] = part["replacement"]
        if part and part["type"] == "ByteLevel" and part.get("use_regex"):
            del part["use_regex"]
    if maybe(rng, 0.7) and model["type"] != "Unigram":
        del model["type"]
    for key in ("byte_fallback", "ignore_merges", "dropout", "fuse_unk", "continuing_subword_prefix", "end_of_word_suffix"):
        if model.get(key) in (None, False) and "merges" in model:
            model.pop(key, None)
    if model.get("merges") and not any(" " in side for pair in model["merges"] if isinstance(pair, list) for side in pair):
        model["merges"] = ["#version: 0.2"] * maybe(rng, 0.3) + [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
    for key in ("added_tokens", "truncation", "padding", "post_processor", "decoder", "normalizer", "pre_tokenizer"):
        if not spec[key]:
            del spec[key]
    return spec


def composed(rng):
    normalise = normalizer(rng) if maybe(rng, 0.6) else None
    split = pre_tokenizer(rng) if maybe(rng, 0.8) else None
    words = words_of(rng, normalise, split)
    model = rng.choice([bpe, bpe, word_piece, word_level, unigram])(rng, words)
    vocabulary = model["vocab"] if isinstance(model["vocab"], dict) else {entry[0]: at for at, entry in enumerate(model["vocab"])}
    truncation = {"direction": rng.choice(["Left", "Right"]), "max_length": rng.randrange(12, 24), "strategy": rng.choice(["LongestFirst", "OnlyFirst", "OnlySecond"]),
                  "stride": rng.choice([0, 0, 1, 2])}
    padding = {"strategy": rng.choice(["BatchLongest", {"Fixed": rng.randrange(1, 30)}]), "direction": rng.choice(["Left", "Right"]),
               "pad_to_multiple_of": rng.choice([None, None, 4, 0, 1]), "pad_id": rng.randrange(9), "pad_type_id": rng.randrange(3), "pad_token": "[PAD]"}
    spec = {"version": "1.0", "truncation": truncation if maybe(rng, 0.3) else None, "padding": padding if maybe(rng, 0.3) else None,
            "added_tokens": added_tokens(rng, vocabulary, normalise), "normalizer": normalise, "pre_tokenizer": split,
            "post_processor": post_processor(rng) if maybe(rng, 0.6) else None, "decoder": decoder(rng) if maybe(rng, 0.8) else None, "model": model}
    return older(rng, spec) if maybe(rng, 0.25) else spec


def members(encoding, windows=True):
    out = {"ids": encoding.ids, "tokens": encoding.tokens, "type_ids": encoding.type_ids, "attention_mask": encoding.attention_mask,
           "special_tokens_mask": encoding.special_tokens_mask, "offsets": [list(place) for place in encoding.offsets], "word_ids": encoding.word_ids,
           "sequence_ids": encoding.sequence_ids}
    if windows:
        out["overflow"] = [members(window, False) for window in encoding.overflowing]
    return out


def expected(tokenizer, line, special, keep):
    try:
        if "ids" in line:
            return {"text": tokenizer.decode(line["ids"], skip_special_tokens=not keep)}
        encoding = tokenizer.encode(line["text"], line.get("pair"), add_special_tokens=special)
        return members(encoding) | {"decoded": tokenizer.decode(encoding.ids, skip_special_tokens=not keep)}
    except BaseException as refusal:  # a panic of the package is none of Exception
        if isinstance(refusal, KeyboardInterrupt):
            raise
        return None


def lines_of(rng, count, size):
    lines = [{"text": ""}, {"text": " "}, {"ids": []}]
    for _ in range(count):
        line = {"text": some_text(rng)}
        if maybe(rng, 0.3):
            line["pair"] = some_text(rng)
        lines.append(line)
        lines.append({"ids": [rng.randrange(size + 3) for _ in range(rng.randrange(12))]})
    return lines


def answers(program, path, lines, special, keep):
    command = [program, "tokenize", "--tokenizer", path, "--stored", "--decode", "--input", "jsonl"]
    command += [] if special else ["--no-special-tokens"]
    command += ["--keep-special-tokens"] if keep else []
    done = subprocess.run(command, input="\n".join(json.dumps(line) for line in lines), capture_output=True, text=True, timeout=60)
    if not done.stdout:
        return [{"error": done.stderr.strip() or f"exit code {done.returncode}"}] * len(lines)
    return [json.loads(line) for line in done.stdout.split("\n") if line]


def differences(want, have):
    if "error" in have:
        return {"error": (want, have["error"])}
    out = {}
    for key, value in want.items():
        other = have.get(key, [] if key == "overflow" else value if key == "sequence_ids" else None)
        if key == "overflow":
            same = len(value) == len(other) and not any(differences(one, two) for one, two in zip(value, other))
        else:
            same = value == other
        if not same:
            out[key] = (value, other)
    return out


def check(program, path, rng, spec, count):
    """None when the package refuses; else how many lines are equal and the first difference."""
    try:
        tokenizer = tokenizers.Tokenizer.from_str(json.dumps(spec))
    except BaseException as refusal:
        if isinstance(refusal, KeyboardInterrupt):
            raise
        return None
    path.write_text(json.dumps(spec, ensure_ascii=False))
    lines, special, keep = lines_of(rng, count, len(spec["model"]["vocab"]) + 6), maybe(rng, 0.8), maybe(rng, 0.3)
    equal, worst = 0, None
    for line, have in zip(lines, answers(program, path, lines, special, keep)):
        want = expected(tokenizer, line, special, keep)
        if want is None:
            continue
        wrong = differences(want, have)
        equal += not wrong
        if wrong and (worst is None or len(json.dumps(line)) < len(json.dumps(worst[0]))):
            worst = (line, wrong)
    return equal, worst


def shorter(node):
    if isinstance(node, dict):
        return {key: "..." if key == "precompiled_charsmap" else shorter(value) for key, value in node.items()}
    return [shorter(value) for value in node] if isinstance(node, list) else node


def report(seed, spec, line, fields):
    hidden = ("vocab", "merges")
    shown = shorter(spec) | {"model": {key: value for key, value in spec["model"].items() if key not in hidden}}
    print(f"seed {seed}: {json.dumps(line, ensure_ascii=False)}\n  {json.dumps(shown, ensure_ascii=False)}")
    for key, (want, have) in fields.items():
        print(f"  {key}\n    expected {json.dumps(want, ensure_ascii=False)}\n    received {json.dumps(have, ensure_ascii=False)}")


def run(options, path, seed):
    """None when the package takes no such tokenizer, else whether all is equal."""
    rng = random.Random(seed)
    try:
        spec = composed(rng)
    except Exception:
        return None
    result = check(options.nacre, path, rng, spec, options.lines)
    if result and result[1]:
        if options.keep:
            (options.keep / f"{seed}.json").write_bytes(path.read_bytes())
        report(seed, spec, *result[1])
    return result and not result[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--nacre", default=os.environ.get("NACRE", str(ROOT / "build/release/nacre")))
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lines", type=int, default=12)
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for the tokenizers that differ")
    options = parser.parse_args()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the package prints its panics
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))  # for some tokenizers it takes all memory there is
    passed = failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        for seed in range(options.seed, options.seed + options.count):
            equal = run(options, pathlib.Path(scratch) / "tokenizer.json", seed)
            passed, failed = passed + (equal is True), failed + (equal is False)
    if passed + failed < options.count // 2:
        failed += 1
        print("the package refused most tokenizers: the script no longer fits it")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
