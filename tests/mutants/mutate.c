// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mutate.c - small bugs in the model's source, made by rule
 *
 *   mutate list FILE...       one line each: NUMBER FILE LINE RULE TEXT
 *   mutate make FILE NUMBER   the file's text with that bug
 *
 * The rules, each applied to one place at a time:
 *
 *   drop-want   a want*() or note of an invariant is left out
 *   no-guard    "if (...) return UKL_VACUOUS;" never returns
 *   negate      the condition of an "if" is negated
 *   no-edge     a row of the machine's table is left out
 *   no-move     a row of the transition table leaves the task where it is
 *   no-action   a row of the transition table changes nothing else
 *
 * Not touched: comments, strings, preprocessor lines, and the model's life (creation,
 * destruction and the questions after it), which other tests break in other ways.
 *
 * Exit status: 0 done; 2 trouble.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Both as long as the file, and zero-terminated. */
struct source {
	char *text;
	char *code;	/* spaces where text is not code */
};

/* text[begin, end), of which [cut, cut_end) becomes before, itself if keep, after. */
struct mutant {
	const char *rule;
	size_t begin, end;
	size_t cut, cut_end;
	const char *before;
	int keep;
	const char *after;
};

typedef void found_fn(void *arg, const struct mutant *mutant);

struct finder {
	const struct source *source;
	found_fn *found;
	void *arg;
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "mutate: %s: %s\n", what, why);
	exit(2);
}

/*
 * SOURCE
 */

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!f)
		die(path, "cannot be opened");
	if (getdelim(&text, &size, '\0', f) < 0)
		die(path, "is empty or cannot be read");
	fclose(f);
	return text;
}

static size_t blank(char *code, size_t begin, size_t end)
{
	for (size_t i = begin; i < end; i++)
		if (code[i] != '\n')
			code[i] = ' ';
	return end;
}

static size_t end_of_comment(const char *code, size_t i)
{
	const char *end = strstr(code + i + 2, "*/");

	return end ? (size_t)(end - code) + 2 : i + strlen(code + i);
}

static size_t end_of_string(const char *code, size_t i)
{
	for (i++; code[i] && code[i] != '"'; i++)
		i += code[i] == '\\' && code[i + 1];
	return i + (code[i] == '"');
}

static size_t end_of_directive(const char *code, size_t i)
{
	for (; code[i] && code[i] != '\n'; i++)
		i += code[i] == '\\' && code[i + 1];
	return i;
}

static void blank_what_is_no_code(char *code)
{
	for (size_t i = 0; code[i];) {
		if (!strncmp(code + i, "/*", 2))
			i = blank(code, i, end_of_comment(code, i));
		else if (code[i] == '"')
			i = blank(code, i, end_of_string(code, i));
		else if (code[i] == '#' && (!i || code[i - 1] == '\n'))
			i = blank(code, i, end_of_directive(code, i));
		else
			i++;
	}
}

static struct source source_read(const char *path)
{
	struct source s = { .text = read_file(path) };
	const char *life;

	s.code = strdup(s.text);
	if (!s.code)
		die(path, "memory is short");
	life = strstr(s.code, "/*\n * LIFE\n */");
	if (life)
		blank(s.code, (size_t)(life - s.code), strlen(s.code));
	blank_what_is_no_code(s.code);
	return s;
}

static void source_free(struct source *s)
{
	free(s->text);
	free(s->code);
}

static int in_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static size_t word_end(const char *code, size_t i)
{
	while (in_word(code[i]))
		i++;
	return i;
}

static size_t spaces_end(const char *code, size_t i)
{
	while (isspace((unsigned char)code[i]))
		i++;
	return i;
}

/* Offset behind the parenthesis that closes the one at i. */
static size_t closing(const char *code, size_t i)
{
	int depth = 0;

	for (; code[i]; i++) {
		depth += (code[i] == '(') - (code[i] == ')');
		if (!depth)
			return i + 1;
	}
	die("source", "a parenthesis stays open");
	return i;
}

/*
 * RULES
 */

static int starts_statement(const char *code, size_t i)
{
	while (i && isspace((unsigned char)code[i - 1]))
		i--;
	return i && strchr(";{}):", code[i - 1]);
}

static int is_want(const char *name, size_t length)
{
	static const char *const others[] = { "ukl_note" };

	if (!strncmp(name, "want", 4))
		return 1;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (length == strlen(others[i]) && !strncmp(name, others[i], length))
			return 1;
	return 0;
}

/* At i a line begins. */
static void drop_want(const struct finder *f, size_t i)
{
	const char *code = f->source->code;
	struct mutant m = { .rule = "drop-want", .before = ";", .after = "" };
	size_t name_end;

	m.begin = m.cut = i + strspn(code + i, "\t");
	name_end = word_end(code, m.begin);
	if (m.begin == i || code[name_end] != '(' ||
	    !is_want(code + m.begin, name_end - m.begin) || !starts_statement(code, i))
		return;
	m.end = m.cut_end = closing(code, name_end) + 1;
	if (code[m.end - 1] == ';')
		f->found(f->arg, &m);
}

/* At i is the condition of an "if". */
static void change_condition(const struct finder *f, size_t i)
{
	static const char vacuous[] = "return UKL_VACUOUS;";
	const char *code = f->source->code;
	size_t end = closing(code, i);
	struct mutant m = { .begin = i, .end = end, .cut = i, .cut_end = end,
			    .keep = 1, .after = ")" };

	if (!strncmp(code + spaces_end(code, end), vacuous, strlen(vacuous))) {
		m.rule = "no-guard";
		m.before = "(0 && ";
		f->found(f->arg, &m);
	}
	m.rule = "negate";
	m.before = "(!";
	f->found(f->arg, &m);
}

/* Behind the row of a table that begins at i: the first comma outside of all brackets. */
static size_t row_end(const char *code, size_t i)
{
	int depth = 0;

	for (; code[i] && (depth || code[i] != ','); i++)
		depth += !!strchr("({[", code[i]) - !!strchr(")}]", code[i]);
	return code[i] ? i + 1 : i;
}

typedef void row_fn(const struct finder *f, size_t begin, size_t end);

static void rows(const struct finder *f, const char *table, row_fn *row)
{
	const char *code = f->source->code, *start = strstr(code, table);
	size_t i, end;

	if (!start)
		return;
	i = (size_t)(start - code);
	end = i + (size_t)(strstr(start, "\n};") - start);
	for (; i < end; i++)
		if (!strncmp(code + i, "\n\t", 2) &&
		    (isupper((unsigned char)code[i + 2]) || code[i + 2] == '['))
			row(f, i + 2, row_end(code, i + 2));
}

static void no_edge(const struct finder *f, size_t begin, size_t end)
{
	struct mutant m = { .rule = "no-edge", .begin = begin, .end = end,
			    .cut = begin, .cut_end = end, .before = "", .after = "" };

	f->found(f->arg, &m);
}

static void no_field(const struct finder *f, struct mutant *m, const char *none)
{
	const char *code = f->source->code;
	size_t length;

	m->cut_end = word_end(code, m->cut);
	length = m->cut_end - m->cut;
	m->before = none;
	if (length != strlen(none) || strncmp(code + m->cut, none, length))
		f->found(f->arg, m);
}

/* [KIND] = { MOVE, ACTION }, */
static void no_transition(const struct finder *f, size_t begin, size_t end)
{
	const char *code = f->source->code;
	struct mutant m = { .begin = begin, .end = end, .after = "" };

	m.cut = spaces_end(code, (size_t)(strchr(code + begin, '{') - code) + 1);
	m.rule = "no-move";
	no_field(f, &m, "KEEP");
	m.cut = spaces_end(code, (size_t)(strchr(code + m.cut, ',') - code) + 1);
	m.rule = "no-action";
	no_field(f, &m, "NULL");
}

static void find(const struct finder *f)
{
	const char *code = f->source->code;

	for (size_t i = 0; code[i]; i++)
		if (!i || code[i - 1] == '\n')
			drop_want(f, i);
	for (size_t i = 1; code[i]; i++)
		if (!in_word(code[i - 1]) && !strncmp(code + i, "if (", 4))
			change_condition(f, i + 3);
	rows(f, "ukl_machine[] =", no_edge);
	rows(f, "transitions[UKL_KINDS] =", no_transition);
}

/*
 * COMMANDS
 */

struct listing {
	const struct source *source;
	const char *path;
	unsigned int n;
};

static void print_folded(const char *text, size_t begin, size_t end)
{
	const char *space = "";

	for (size_t i = spaces_end(text, begin); i < end; i = spaces_end(text, i)) {
		size_t word = strcspn(text + i, " \t\n");

		word = word < end - i ? word : end - i;
		printf("%s%.*s", space, (int)word, text + i);
		space = " ";
		i += word;
	}
	putchar('\n');
}

static void list_one(void *arg, const struct mutant *m)
{
	struct listing *l = arg;
	unsigned int line = 1;

	for (size_t i = 0; i < m->begin; i++)
		line += l->source->text[i] == '\n';
	printf("%u %s %u %s ", l->n++, l->path, line, m->rule);
	print_folded(l->source->text, m->begin, m->end);
}

static void list(const char *path)
{
	struct source s = source_read(path);
	struct listing l = { .source = &s, .path = path };

	find(&(struct finder){ &s, list_one, &l });
	source_free(&s);
}

struct making {
	const char *text;
	unsigned long left;	/* mutants before the one that is made */
	int made;
};

static void make_one(void *arg, const struct mutant *m)
{
	struct making *k = arg;

	if (k->left--)
		return;
	printf("%.*s%s", (int)m->cut, k->text, m->before);
	if (m->keep)
		printf("%.*s", (int)(m->cut_end - m->cut), k->text + m->cut);
	printf("%s%s", m->after, k->text + m->cut_end);
	k->made = 1;
}

static void make(const char *path, const char *number)
{
	struct source s = source_read(path);
	struct making k = { .text = s.text, .left = strtoul(number, NULL, 10) };

	find(&(struct finder){ &s, make_one, &k });
	if (!k.made)
		die(path, "has no mutant of that number");
	source_free(&s);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "make")) {
		make(argv[2], argv[3]);
	} else if (argc > 2 && !strcmp(argv[1], "list")) {
		for (int i = 2; i < argc; i++)
			list(argv[i]);
	} else {
		fputs("usage: mutate list FILE... | make FILE NUMBER\n", stderr);
		return 2;
	}
	if (fflush(stdout) || ferror(stdout))
		die("standard output", "cannot be written");
	return 0;
}
