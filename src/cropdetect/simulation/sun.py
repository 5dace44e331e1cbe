"""Where the sun stands."""

import datetime as dt

import numpy as np


def sun_position(day: dt.date, hour: float, latitude: float, longitude: float) -> tuple[float, float]:
    """Return zenith and azimuth (from north, clockwise) of the sun, degrees.

    Declination and equation of time after Spencer 1971; good to half a degree, which moves a shadow by a pixel at most.

    Args:
        day: the date.
        hour: hours UTC.
        latitude: degrees north.
        longitude: degrees east.
    """
    year = 2 * np.pi * (day.timetuple().tm_yday - 1) / 365
    declination = (
        0.006918 - 0.399912 * np.cos(year) + 0.070257 * np.sin(year) - 0.006758 * np.cos(2 * year)
        + 0.000907 * np.sin(2 * year) - 0.002697 * np.cos(3 * year) + 0.00148 * np.sin(3 * year)
    )  # fmt: skip
    equation = 3.82 * (
        0.000075 + 0.001868 * np.cos(year) - 0.032077 * np.sin(year) - 0.014615 * np.cos(2 * year) - 0.04089 * np.sin(2 * year)
    )
    angle = np.radians(15 * (hour + longitude / 15 + equation - 12))
    phi = np.radians(latitude)
    height = np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.cos(angle)
    north = np.cos(phi) * np.sin(declination) - np.sin(phi) * np.cos(declination) * np.cos(angle)
    east = -np.cos(declination) * np.sin(angle)
    return float(np.degrees(np.arccos(height))), float(np.degrees(np.arctan2(east, north)) % 360)
