"""Colours, type and spacing of the page; the rest is `assets/page.css`."""

from gradio.themes import Base, Default, Font

from playground.ui.gradio_typed import with_colours

FONT = "Inter Variable"


def theme() -> Base:
    """Indigo on slate, in our own Inter: a font that Gradio knows by name only would come from another host."""
    plain = Default(
        primary_hue="indigo",
        secondary_hue="indigo",
        neutral_hue="slate",
        radius_size="lg",
        spacing_size="md",
        text_size="md",
        font=[Font(FONT), "system-ui", "sans-serif"],
        font_mono=["ui-monospace", "SFMono-Regular", "Menlo", "monospace"],
    )
    return with_colours(
        plain,
        body_background_fill="*neutral_50",
        body_background_fill_dark="#0b1120",
        background_fill_primary_dark="#111a2e",
        background_fill_secondary_dark="#0b1120",
        block_background_fill_dark="#111a2e",
        border_color_primary_dark="#26334d",
        block_border_width="1px",
        block_shadow="none",
        block_label_text_size="*text_sm",
        block_title_text_weight="550",
        block_title_text_color="*neutral_700",
        block_title_text_color_dark="*neutral_200",
        input_background_fill_dark="#0b1120",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover_dark="*primary_700",
        button_primary_text_color="white",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_400",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
    )
