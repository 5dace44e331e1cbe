<?xml version="1.0" encoding="utf-8" ?>
<ogr:FeatureCollection
     gml:id="aFeatureCollection"
     xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
     xsi:schemaLocation="http://ogr.maptools.org/ fields.xsd"
     xmlns:ogr="http://ogr.maptools.org/"
     xmlns:gml="http://www.opengis.net/gml/3.2">
  <gml:boundedBy><gml:Envelope srsName="urn:ogc:def:crs:EPSG::32636"><gml:lowerCorner>600020 99870</gml:lowerCorner><gml:upperCorner>600450 99970</gml:upperCorner></gml:Envelope></gml:boundedBy>
                                                                                                                                                           
  <ogr:featureMember>
    <ogr:fields gml:id="fields.0">
      <gml:boundedBy><gml:Envelope srsName="urn:ogc:def:crs:EPSG::32636"><gml:lowerCorner>600020 99870</gml:lowerCorner><gml:upperCorner>600120 99970</gml:upperCorner></gml:Envelope></gml:boundedBy>
      <ogr:geometryProperty><gml:Polygon srsName="urn:ogc:def:crs:EPSG::32636" gml:id="fields.geom.0"><gml:exterior><gml:LinearRing><gml:posList>600120 99870 600120 99970 600020 99970 600020 99870 600120 99870</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></ogr:geometryProperty>
      <ogr:field_id>1</ogr:field_id>
      <ogr:crop>rye</ogr:crop>
    </ogr:fields>
  </ogr:featureMember>
  <ogr:featureMember>
    <ogr:fields gml:id="fields.1">
      <gml:boundedBy><gml:Envelope srsName="urn:ogc:def:crs:EPSG::32636"><gml:lowerCorner>600130 99870</gml:lowerCorner><gml:upperCorner>600230 99970</gml:upperCorner></gml:Envelope></gml:boundedBy>
      <ogr:geometryProperty><gml:Polygon srsName="urn:ogc:def:crs:EPSG::32636" gml:id="fields.geom.1"><gml:exterior><gml:LinearRing><gml:posList>600230 99870 600230 99970 600130 99970 600130 99870 600230 99870</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></ogr:geometryProperty>
      <ogr:field_id>2</ogr:field_id>
      <ogr:crop>maize</ogr:crop>
    </ogr:fields>
  </ogr:featureMember>
  <ogr:featureMember>
    <ogr:fields gml:id="fields.2">
      <gml:boundedBy><gml:Envelope srsName="urn:ogc:def:crs:EPSG::32636"><gml:lowerCorner>600240 99870</gml:lowerCorner><gml:upperCorner>600340 99970</gml:upperCorner></gml:Envelope></gml:boundedBy>
      <ogr:geometryProperty><gml:Polygon srsName="urn:ogc:def:crs:EPSG::32636" gml:id="fields.geom.2"><gml:exterior><gml:LinearRing><gml:posList>600340 99870 600340 99970 600240 99970 600240 99870 600340 99870</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></ogr:geometryProperty>
      <ogr:field_id>3</ogr:field_id>
      <ogr:crop>rye</ogr:crop>
    </ogr:fields>
  </ogr:featureMember>
  <ogr:featureMember>
    <ogr:fields gml:id="fields.3">
      <gml:boundedBy><gml:Envelope srsName="urn:ogc:def:crs:EPSG::32636"><gml:lowerCorner>600350 99870</gml:lowerCorner><gml:upperCorner>600450 99970</gml:upperCorner></gml:Envelope></gml:boundedBy>
      <ogr:geometryProperty><gml:Polygon srsName="urn:ogc:def:crs:EPSG::32636" gml:id="fields.geom.3"><gml:exterior><gml:LinearRing><gml:posList>600450 99870 600450 99970 600350 99970 600350 99870 600450 99870</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></ogr:geometryProperty>
      <ogr:field_id>4</ogr:field_id>
      <ogr:crop>maize</ogr:crop>
    </ogr:fields>
  </ogr:featureMember>
</ogr:FeatureCollection>
