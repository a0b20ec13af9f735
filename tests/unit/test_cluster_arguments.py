"""A plain command line is read without argparse: as argparse reads it, or it is left to argparse."""

import itertools

import pytest

from whypull.commands import cluster, explain, options

PLAIN = [
    ["-n", "shop"],
    ["-A", "-o", "json"],
    ["--all-namespaces", "--output", "yaml", "--width", "100"],
    ["pod/web-0", "-n", "shop"],
    ["-n", "shop", "pod", "web-0", "--from", "node", "--yes"],
    ["-l", "app=web", "--context", "lab", "--kubeconfig", "/tmp/config", "--color", "never"],
    ["--selector", "app in (a,b)", "--namespace", ""],
    [],
]
LEFT = [
    ["-nshop"], ["--namespace=shop"], ["-n"], ["-n", "-A"], ["-o", "xml"], ["--from", "there"], ["--as", "dev", "-n", "shop"],
    ["--request-timeout", "5"], ["--width", "wide"], ["--nonsense"], ["--", "x"], ["-h"], ["-l", "--yes"],
]  # fmt: skip


def plainly(args):
    return options.plainly(args, cluster._UNSAID, cluster._SET, cluster._TAKE)


@pytest.mark.parametrize("args", PLAIN, ids=" ".join)
def test_plain_ones_are_read_as_argparse_reads_them(args):
    assert vars(plainly(args)) == vars(cluster.parser().parse_args(args))


@pytest.mark.parametrize("args", LEFT, ids=" ".join)
def test_others_are_left_to_argparse(args):
    assert plainly(args) is None


def test_every_order_of_options_is_read_as_argparse_reads_it():
    options_ = [["-n", "shop"], ["-A"], ["-o", "json"], ["pod", "web-0"], ["--yes"]]
    for order in itertools.permutations(options_):
        args = list(itertools.chain.from_iterable(order))
        assert vars(plainly(args)) == vars(cluster.parser().parse_args(args))


@pytest.mark.parametrize("args", [[], ["a", "b"], ["--lines", "-o", "json"], ["-"], ["auth.ip-not-allowed", "--width", "70"]])
def test_explain_too(args):
    assert vars(options.plain(args)) == vars(explain.parser().parse_args(args))


def test_a_list_of_one_line_is_not_that_of_the_next():
    first = plainly(["pod", "web-0"])
    assert first.target == ["pod", "web-0"]
    assert plainly([]).target == []
    assert cluster._UNSAID["target"] == []
