"""`semicurv-tf recipes`: what `train --recipe NAME` knows."""

import click

from semicurv_tf.recipes import recipe, recipe_file, recipe_names


@click.command()
@click.argument("name", required=False)
def recipes(name):
    """List the recipes that come with the package, or print one.

    A recipe is a configuration with a name: `semicurv-tf train --recipe NAME`. To change more than a few keys,
    write it to a file of your own and give that to `train --config`.

    \b
    Examples:
      semicurv-tf recipes
      semicurv-tf recipes drive128_best > mine.yaml
      semicurv-tf train --recipe drive128_best --data-dir ~/data/drive128
      semicurv-tf train --config mine.yaml --data-dir ~/data/drive128
    """
    if name is not None:
        click.echo(recipe_file(name).read_text(encoding="utf-8"), nl=False)
        return
    for each in map(recipe, recipe_names()):
        labels = "" if each.labels is None else f", {100 * each.labels:g} % labels"
        click.echo(f"{click.style(each.name, bold=True)}  {each.dataset or 'any dataset'}{labels}")
        for heading, text in (("", each.about), ("score: ", each.score), ("cost: ", each.cost)):
            click.echo(f"    {heading}{text}")
